/** A library whose records refer to each other forwards and backwards, and the tables that it goes into. */

const tags = 60

type Fields = Record<string, unknown>
type Entry = { model: string; pk: number | null; fields: Fields }

/**
 * A fixture of about so many records: to twelve books an author, who comes after them, a review without a key of its own, links to tags. One book in twenty
 * refers to an author at the very end of the file, by key or by name. With `bad`, one book in 1,100 can't go in.
 */
export function libraryFixture(records: number, { bad }: { bad: boolean }): string {
  const authors = Math.floor((records - tags) / 14)
  const entries: Entry[] = Array.from({ length: tags }, (_none, n) => ({ model: 'library.tag', pk: n + 1, fields: { name: `tag ${n + 1}` } }))
  const last: Entry[] = []
  for (let author = 1; author <= authors; author++) {
    for (let n = 1; n <= 12; n++) entries.push(book((author - 1) * 12 + n, author, authors, bad))
    entries.push({
      model: 'library.review',
      pk: null,
      fields: { book: author * 12 - 1, stars: author % 6, text: `review of ${author}, ☕ “quoted”` },
    })
    const target = author % 20 === 0 ? last : entries
    target.push({ model: 'library.author', pk: author, fields: { name: `author ${author}`, born: `19${10 + (author % 80)}-04-17` } })
  }
  return `[${[...entries, ...last].map((entry) => JSON.stringify(entry)).join(',\n')}]`
}

function book(pk: number, author: number, authors: number, bad: boolean): Entry {
  const late = Math.max(20, authors - (authors % 20))
  const writer = pk % 20 === 0 ? (pk % 40 === 0 ? late : [`author ${late}`]) : author
  const fields: Fields = {
    title: `The book ${pk}`,
    isbn: String(9_780_000_000_000 + pk),
    price: `${pk % 900}.${10 + (pk % 90)}`,
    in_print: pk % 3 !== 0,
    author: writer,
    sequel_of: pk % 7 === 0 && pk + 5 <= authors * 12 ? pk + 5 : null,
    tags: [1 + (pk % tags), 1 + ((pk * 7 + 1) % tags)],
  }
  return { model: 'library.book', pk, fields: bad && pk % 1100 === 1 ? { ...fields, ...faultOf(pk) } : fields }
}

/** An author who is nowhere, an ISBN that is taken, a missing title, a price that is none. */
function faultOf(pk: number): Fields {
  const faults: Fields[] = [{ author: 9_999_999 }, { isbn: String(9_780_000_000_000 + pk - 1) }, { title: null }, { price: 'cheap' }]
  return faults[Math.floor(pk / 1100) % faults.length] ?? {}
}

/** What a dialect calls things that are not the same everywhere. */
export type Words = { key: string; decimal: string; bool: string; yes: string; deferred: string }

/** The tables, with rows that are there before: some are replaced by the fixture, some stay. */
export function librarySchema({ key, decimal, bool, yes, deferred }: Words): string {
  return `
CREATE TABLE library_author (id ${key}, name varchar(100) NOT NULL UNIQUE, born date);
CREATE TABLE library_tag (id ${key}, name varchar(50) NOT NULL UNIQUE);
CREATE TABLE library_book (id ${key}, title varchar(200) NOT NULL, isbn varchar(13) NOT NULL UNIQUE, price ${decimal} NOT NULL, in_print ${bool} NOT NULL,
  author_id integer NOT NULL REFERENCES library_author (id) ${deferred}, sequel_of_id integer REFERENCES library_book (id) ${deferred});
CREATE TABLE library_book_tags (id ${key}, book_id integer NOT NULL REFERENCES library_book (id) ${deferred},
  tag_id integer NOT NULL REFERENCES library_tag (id) ${deferred}, UNIQUE (book_id, tag_id));
CREATE TABLE library_review (id ${key}, book_id integer NOT NULL REFERENCES library_book (id) ${deferred}, stars integer NOT NULL, text text NOT NULL);
INSERT INTO library_author (id, name, born) VALUES (1, 'who was here before', NULL), (500001, 'who stays', '1901-01-01');
INSERT INTO library_tag (id, name) VALUES (2, 'old tag'), (500001, 'kept tag');
INSERT INTO library_book (id, title, isbn, price, in_print, author_id) VALUES (3, 'old', '1', 1.5, ${yes}, 1), (500001, 'kept', '2', 2.5, ${yes}, 500001);
INSERT INTO library_book_tags (book_id, tag_id) VALUES (3, 2), (3, 500001), (500001, 500001);
INSERT INTO library_review (book_id, stars, text) VALUES (500001, 5, 'kept');`
}

/** Everything in the tables but the numbers that the database gave: rolled back, they are given once more or not, as it likes. */
export const contentQueries = {
  authors: 'SELECT id, name, CAST(born AS text) AS born FROM library_author ORDER BY id',
  tags: 'SELECT id, name FROM library_tag ORDER BY id',
  books: 'SELECT id, title, isbn, CAST(price AS text) AS price, in_print, author_id, sequel_of_id FROM library_book ORDER BY id',
  links: 'SELECT book_id, tag_id FROM library_book_tags ORDER BY book_id, tag_id',
  reviews: 'SELECT book_id, stars, text FROM library_review ORDER BY book_id, stars, text',
} as const
