import { readFile } from 'node:fs/promises'

/** Linux counts the time of processes in hundredths of a second. */
const ticksPerSecond = 100

/** Seconds of processor time that these processes have used so far, with all of their threads. */
export async function cpuSeconds(pids: number[]): Promise<number> {
  const each = await Promise.all(pids.map(cpuOf))
  return each.reduce((sum, seconds) => sum + seconds, 0)
}

async function cpuOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name in brackets may have blanks; user and system time are the 12th and 13th field after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Memory that these processes have in use, in bytes. */
export async function residentBytes(pids: number[]): Promise<number> {
  const texts = await Promise.all(pids.map(async (pid) => await readFile(`/proc/${pid}/status`, 'utf8')))
  return texts.reduce((sum, text) => sum + Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) * 1024, 0)
}
