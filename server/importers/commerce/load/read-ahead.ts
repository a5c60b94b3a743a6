/** Asks for the next piece before the last one is worked on, so that reading goes on while the database writes. */
export async function* readAhead<T>(pieces: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = pieces.next()
  try {
    for (;;) {
      const piece = await next
      if (piece.done === true) return
      next = pieces.next()
      // What goes wrong in it is told when it is asked for.
      next.catch(() => {})
      yield piece.value
    }
  } finally {
    await next.catch(() => {})
    await pieces.return(undefined)
  }
}
