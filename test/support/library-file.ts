import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

/** Writes a fixture of authors and books, large enough to be watched. */
export async function writeLibrary(file: string, { authors, books }: { authors: number; books: number }): Promise<void> {
  const out = createWriteStream(file, { highWaterMark: 1 << 20 })
  let separator = '[\n'
  const put = async (record: object) => {
    if (!out.write(separator + JSON.stringify(record))) await once(out, 'drain')
    separator = ',\n'
  }
  for (let pk = 1; pk <= authors; pk++) await put({ model: 'library.author', pk, fields: { name: `Author ${pk}` } })
  for (let pk = 1; pk <= books; pk++)
    await put({ model: 'library.book', pk, fields: { title: `Book ${pk}`, author: 1 + (pk % authors), price: '12.50' } })
  out.end('\n]\n')
  await once(out, 'close')
}
