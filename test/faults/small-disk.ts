import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Small file systems need root on Linux. Elsewhere these are named as skipped. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mountable()

function mountable(): boolean {
  const dir = mkdtempSync(path.join(tmpdir(), 'intake-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' })
    execFileSync('umount', [dir], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A file system of so many megabytes. */
export class SmallDisk {
  readonly dir: string
  constructor(dir: string, megabytes: number) {
    this.dir = dir
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', dir])
  }

  /** Takes all room that is left, but for so many kilobytes. */
  fill(leaveKb: number): void {
    const free = Number(execFileSync('df', ['--output=avail', '-k', this.dir], { encoding: 'utf8' }).split('\n')[1])
    writeFileSync(path.join(this.dir, 'ballast'), Buffer.alloc(Math.max(0, free - leaveKb) * 1024))
  }

  makeRoom(): void {
    rmSync(path.join(this.dir, 'ballast'), { force: true })
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.dir])
  }
}
