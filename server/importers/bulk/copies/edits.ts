/** In the place of so many bytes at a position stand others. */
export type Edit = { at: number; drop: number; put: Buffer }

/** A file as those look at it who find the place for a mark: its size, its beginning, and any part of it. */
export type Source = { size: number; head: Buffer; read: (start: number, end: number) => Promise<Buffer> }

/** The bytes of a file with edits made, which are in the order of their places and do not touch each other. */
export async function* withEdits(pieces: AsyncIterable<Buffer>, edits: Edit[]): AsyncGenerator<Buffer> {
  const left = [...edits]
  let at = 0
  let drop = 0
  for await (const piece of pieces) {
    const end = at + piece.length
    let from = 0
    for (;;) {
      const dropped = Math.min(drop, piece.length - from)
      from += dropped
      drop -= dropped
      const [edit] = left
      if (drop > 0 || !edit || edit.at >= end) break
      if (edit.at - at > from) yield piece.subarray(from, edit.at - at)
      from = edit.at - at
      yield edit.put
      drop = edit.drop
      left.shift()
    }
    if (from < piece.length) yield piece.subarray(from)
    at = end
  }
  for (const { put } of left) yield put
}
