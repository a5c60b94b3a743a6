import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** Name of the variable by which everything that a run starts, however far down, can be told from the rest of the machine. */
export const runMarker = 'INTAKE_TEST_RUN'

/** Ends the processes that a run has left behind after a moment for the ending ones, and answers their command lines. Linux alone can tell. */
export async function endStrays(run: string, patienceMs = 30_000): Promise<string[]> {
  const deadline = Date.now() + patienceMs
  let strays = findStrays(run)
  while (strays.length > 0 && Date.now() < deadline) {
    await setTimeout(100)
    strays = findStrays(run)
  }
  return strays.filter(({ pid }) => end(pid)).map(({ command }) => command)
}

/** False when it has ended by itself just now. */
function end(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

function findStrays(run: string): { pid: number; command: string }[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').map(Number).filter(Boolean)
  return pids.flatMap((pid) => {
    if (pid === process.pid || !readOf(pid, 'environ').includes(`${runMarker}=${run}`)) return []
    return [{ pid, command: readOf(pid, 'cmdline').replaceAll('\0', ' ').trim().slice(0, 200) }]
  })
}

/** A file of a process; empty when the process has ended meanwhile or is not ours to read. */
function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
