import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { root } from './root.ts'

export type Command = {
  command: string
  args: string[]
  env: NodeJS.ProcessEnv
  /** Ends the command and all that it started. */
  signal?: AbortSignal | undefined
}

/** What a command said on both its streams, and how it ended: -1 when it did not start or was ended from outside. */
export type Outcome = { code: number; output: string }

/** Runs a command in a process group of its own and waits for its end; what is left of the group then is ended too. Never throws. */
export async function runCommand({ command, args, env, signal }: Command): Promise<Outcome> {
  if (signal?.aborted) return { code: -1, output: 'not started' }
  const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const end = (): void => endGroup(child.pid)
  signal?.addEventListener('abort', end, { once: true })
  const { code, note } = await ended(child)
  signal?.removeEventListener('abort', end)
  return { code, output: Buffer.concat(chunks).toString('utf8') + note }
}

async function ended(child: ChildProcess): Promise<{ code: number; note: string }> {
  const closed = once(child, 'close').catch(() => undefined)
  try {
    const [code, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    endGroup(child.pid)
    // A process that left the group may hold the pipe: it does not hold us.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2_000).unref())])
    return { code: code ?? -1, note: by ? `\nended by ${by}` : '' }
  } catch (error) {
    return { code: -1, note: error instanceof Error ? error.message : String(error) }
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // ESRCH: nothing of the group is left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
