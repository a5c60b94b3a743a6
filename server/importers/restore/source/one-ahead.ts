/**
 * Gives out what a source has while the next is being fetched already: one ahead, no more, so that reading goes on while a database works. A fault of the
 * source comes out in its place.
 */
export async function* oneAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (let current = await next; current.done !== true; current = await next) {
      next = iterator.next()
      // Heard when it is this one's turn; whoever breaks off before does not want to know.
      next.catch(() => {})
      yield current.value
    }
  } finally {
    await iterator.return?.()
  }
}
