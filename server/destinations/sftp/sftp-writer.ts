import type { SftpFiles } from './sftp-files.ts'

/** What every server takes in one request; and how many requests are on their way, so that a distant server does not slow it down. */
const blockBytes = 31 * 1024
const mostInFlight = 64
/** Bytes that may be on their way when a connection ends: of what is there then, so much at the end is not sure. */
export const unsureBytes = blockBytes * mostInFlight

/** Writes pieces from a position on, several at a time. Rejects with the first error, when nothing is under way any more. */
export async function writeOn(files: SftpFiles, handle: Buffer, pieces: AsyncIterable<Buffer>, start: number): Promise<void> {
  const inFlight = new Set<Promise<void>>()
  const failures: unknown[] = []
  const send = (bytes: Buffer, position: number): void => {
    const writing: Promise<void> = files
      .write(handle, bytes, position)
      .catch((thrown: unknown) => void failures.push(thrown))
      .finally(() => inFlight.delete(writing))
    inFlight.add(writing)
  }
  let at = start
  try {
    for await (const piece of pieces) {
      for (let from = 0; from < piece.length; from += blockBytes) {
        while (inFlight.size >= mostInFlight) await Promise.race(inFlight)
        if (failures.length > 0) throw failures[0]
        const block = piece.subarray(from, from + blockBytes)
        send(block, at)
        at += block.length
      }
    }
  } finally {
    await Promise.all(inFlight)
  }
  if (failures.length > 0) throw failures[0]
}
