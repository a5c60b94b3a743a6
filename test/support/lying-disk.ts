import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

/** libfiu, which lets calls of the system fail in a process that was started with it. */
const libraries = ['fiu_run_preload.so', 'fiu_posix_preload.so'].flatMap((name) =>
  globSync([`/usr/lib/fiu/${name}`, `/usr/lib/*/fiu/${name}`]).slice(0, 1),
)

export const hasLibfiu = libraries.length === 2

/** What can fail: a write in the middle of a file that does nothing (EIO) or takes fewer bytes than it was given, and a sync. */
export const diskCalls = {
  write: 'posix/io/rw/pwrite',
  shortWrite: 'posix/io/rw/pwrite/reduce',
  sync: 'posix/io/sync/fsync',
  datasync: 'posix/io/sync/fdatasync',
} as const

const eio = 5

/** What a process has to be started with whose calls of this kind all fail. */
export function failingDisk(call: keyof typeof diskCalls): Record<string, string> {
  return { LD_PRELOAD: libraries.join(' '), FIU_ENABLE: `enable name=${diskCalls[call]},failinfo=${eio}` }
}

/** The disk of one process, which works until it is told to fail. */
export class LyingDisk {
  readonly #control: string

  /** `dir`: where its pipes may lie. */
  constructor(dir: string) {
    this.#control = path.join(dir, 'fiu')
  }

  /** What the process has to be started with. */
  get env(): Record<string, string> {
    return { LD_PRELOAD: libraries.join(' '), FIU_CTRL_FIFO: this.#control }
  }

  /** From now on, calls of this kind fail so often; 1 is always. */
  async fail(pid: number, call: keyof typeof diskCalls, probability: number): Promise<void> {
    const name = `name=${diskCalls[call]},failinfo=${eio}`
    await this.#tell(pid, probability === 1 ? `enable ${name}` : `enable_random ${name},probability=${probability}`)
  }

  async heal(pid: number): Promise<void> {
    for (const name of Object.values(diskCalls)) await this.#tell(pid, `disable name=${name}`)
  }

  async #tell(pid: number, command: string): Promise<void> {
    await promisify(execFile)('fiu-ctrl', ['-f', this.#control, '-c', command, String(pid)])
  }
}
