import { createWriteStream } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'

/** How many of each a fixture of so many records has: one author to twelve books, two hundred tags, two tags a book. */
export type LibrarySize = { authors: number; books: number; tags: number }

export function sizeFor(records: number): LibrarySize {
  const tags = 200
  const authors = Math.round((records - tags) / 13)
  return { tags, authors, books: records - tags - authors }
}

/** Rows that they become, links included. */
export const rowsOf = ({ authors, books, tags }: LibrarySize): number => authors + tags + books * 3

const words = 'harbour orchard signal ledger winter compass library lantern river archive meadow bridge'.split(' ')
const word = (n: number) => words[n % words.length]!

type Author = [id: number, name: string, born: string, email: string]
type Book = [
  id: number,
  title: string,
  isbn: string,
  price: string,
  pages: number,
  inPrint: boolean,
  published: string,
  added: string,
  author: number,
]

const day = (n: number) => `${1950 + (n % 70)}-${String(1 + (n % 12)).padStart(2, '0')}-${String(1 + (n % 28)).padStart(2, '0')}`
const author = (n: number): Author => [n, `${word(n)} ${word(n * 7)} ${n}`, day(n), `author${n}@example.org`]
const book = (n: number, { authors }: LibrarySize): Book => [
  n,
  `The ${word(n)} of the ${word(n * 5)} ${n}`,
  String(9_780_000_000_000 + n),
  (5 + (n % 9000) / 100).toFixed(2),
  50 + (n % 900),
  n % 3 !== 0,
  day(n),
  `2026-01-${String(1 + (n % 28)).padStart(2, '0')}T10:00:00Z`,
  1 + (n % authors),
]
const tagsOf = (n: number, { tags }: LibrarySize) => [1 + (n % tags), 1 + ((n + 7) % tags)]

/** Writes the fixture as Django's dumpdata does, one array. */
export async function writeFixture(file: string, size: LibrarySize): Promise<void> {
  const out = createWriteStream(file, { highWaterMark: 1 << 20 })
  let separator = '[\n'
  const put = async (record: object) => {
    await write(out, separator + JSON.stringify(record))
    separator = ',\n'
  }
  for (let n = 1; n <= size.tags; n++) await put({ model: 'library.tag', pk: n, fields: { name: `tag ${n}` } })
  for (let n = 1; n <= size.authors; n++) {
    const [pk, name, born, email] = author(n)
    await put({ model: 'library.author', pk, fields: { name, born, email } })
  }
  for (let n = 1; n <= size.books; n++) {
    const [pk, title, isbn, price, pages, inPrint, published, added, writer] = book(n, size)
    await put({
      model: 'library.book',
      pk,
      fields: { title, isbn, price, pages, in_print: inPrint, published, added, author: writer, tags: tagsOf(n, size) },
    })
  }
  out.end('\n]\n')
  await once(out, 'close')
}

/** The same rows as CSV files, one for each table, for the shells of the databases: the limit. */
export async function writeCsv(
  dir: string,
  size: LibrarySize,
  form: { bool: (value: boolean) => string; moment: (iso: string) => string },
): Promise<Record<string, string>> {
  const files = { library_tag: 'tag.csv', library_author: 'author.csv', library_book: 'book.csv', library_book_tags: 'link.csv' }
  const streams = Object.entries(files).map(([table, name]) => [table, createWriteStream(path.join(dir, name), { highWaterMark: 1 << 20 })] as const)
  const [tag, authors, books, links] = streams.map(([, stream]) => stream) as [WriteStream, WriteStream, WriteStream, WriteStream]
  for (let n = 1; n <= size.tags; n++) await write(tag, `${n},tag ${n}\n`)
  for (let n = 1; n <= size.authors; n++) await write(authors, `${author(n).join(',')}\n`)
  for (let n = 1; n <= size.books; n++) {
    const [id, title, isbn, price, pages, inPrint, published, added, writer] = book(n, size)
    await write(books, `${[id, title, isbn, price, pages, form.bool(inPrint), published, form.moment(added), writer].join(',')}\n`)
    for (const [index, tagId] of tagsOf(n, size).entries()) await write(links, `${n * 2 - 1 + index},${n},${tagId}\n`)
  }
  for (const [, stream] of streams) {
    stream.end()
    await once(stream, 'close')
  }
  return Object.fromEntries(Object.entries(files).map(([table, name]) => [table, path.join(dir, name)]))
}

async function write(stream: WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain')
}
