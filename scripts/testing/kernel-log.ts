import { spawnSync } from 'node:child_process'

const ended = /segfault at|general protection|trap .* ip:|Out of memory: Killed/

/** What the kernel says of processes that it ended: in which library one crashed, or that memory ran out. Nothing where its log may not be read. */
export function kernelLines(): string[] {
  const { stdout } = spawnSync('dmesg', { encoding: 'utf8' })
  return (stdout ?? '').split('\n').filter((line) => ended.test(line))
}
