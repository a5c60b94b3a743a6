import { SaxesParser } from 'saxes'
import type { SaxesTagPlain } from 'saxes'
import { AppError } from '../../../errors.ts'
import type { Keep, Place } from './record-builder.ts'
import { RecordBuilder } from './record-builder.ts'
import type { CommerceRecord } from './record.ts'

/** Real files stay far below these; saxes itself has no limits. Characters of one text, attribute, comment or declaration. */
export const xmlLimits = { depth: 100, attributes: 256, text: 2 ** 20 }

/** How much of a text goes to the parser at once. */
const sliceLength = 64 * 1024

type Options = { xmlns: false; fileName: string }

/**
 * Reads an XML text to the letter: all of it has to be well-formed. Throws AppError with the line: `file_damaged` for what is not, `file_unsupported` for
 * a DOCTYPE (entities among them) and what is no CommerceML, `file_limit`.
 */
export class StrictCutter {
  readonly #file: string
  readonly #parser: SaxesParser<Options>
  readonly #builder: RecordBuilder
  #attributes = 0
  #silent = 0
  #startLine = 1

  /** @param byteAt where in the file the tag begins that was opened last before a position of the text */
  constructor(file: string, byteAt: (position: number) => number, keep: Keep) {
    this.#file = file
    const parser = new SaxesParser<Options>({ xmlns: false, fileName: file })
    this.#parser = parser
    this.#builder = new RecordBuilder(file, (): Place => ({ line: this.#startLine, byte: byteAt(parser.position) }), keep)
    parser.on('error', (error) => this.#refuse('file_damaged', plainText(error.message, file)))
    parser.on('doctype', () => this.#refuse('file_unsupported', 'it has a DOCTYPE, which no export of 1C has'))
    parser.on('opentagstart', () => this.#begin())
    parser.on('attribute', ({ value }) => this.#attribute(value))
    parser.on('opentag', (tag) => this.#open(tag))
    parser.on('closetag', () => this.#close())
    parser.on('text', (text) => this.#text(text))
    parser.on('cdata', (text) => this.#text(text))
    parser.on('comment', () => (this.#silent = 0))
    parser.on('processinginstruction', () => (this.#silent = 0))
  }

  get orders(): number {
    return this.#builder.orders
  }

  /** The records that this piece completes. */
  write(piece: string): CommerceRecord[] {
    for (let at = 0; at < piece.length; at += sliceLength) this.#feed(piece.slice(at, at + sliceLength))
    return this.#builder.take()
  }

  end(): CommerceRecord[] {
    this.#parser.close()
    return this.#builder.take()
  }

  /** saxes keeps what it has of a text or tag until it is complete: that is what grows when nothing is heard of it. */
  #feed(slice: string): void {
    this.#parser.write(slice)
    this.#silent += slice.length
    if (this.#silent > xmlLimits.text + sliceLength) this.#refuse('file_limit', `one piece of it is longer than ${xmlLimits.text} characters`)
  }

  #begin(): void {
    this.#silent = 0
    this.#attributes = 0
    this.#startLine = this.#parser.line
    if (this.#builder.depth >= xmlLimits.depth) this.#refuse('file_limit', `its elements are nested more than ${xmlLimits.depth} deep`)
  }

  #attribute(value: string): void {
    this.#silent = 0
    this.#attributes += 1
    if (this.#attributes > xmlLimits.attributes) this.#refuse('file_limit', `an element has more than ${xmlLimits.attributes} attributes`)
    if (value.length > xmlLimits.text) this.#refuse('file_limit', `an attribute is longer than ${xmlLimits.text} characters`)
  }

  #open(tag: SaxesTagPlain): void {
    this.#silent = 0
    const name = localName(tag.name)
    if (this.#builder.depth === 0 && !RecordBuilder.isRoot(name)) {
      const what = /^html$/i.test(name) ? 'an HTML page' : `an XML file of another kind (<${name.slice(0, 60)}>)`
      this.#refuse('file_unsupported', `it is ${what}, not CommerceML`)
    }
    this.#builder.open(name, this.#builder.passing ? null : attributesOf(tag))
  }

  #close(): void {
    this.#silent = 0
    this.#builder.close()
  }

  #text(text: string): void {
    this.#silent = 0
    if (text.length > xmlLimits.text) this.#refuse('file_limit', `a text is longer than ${xmlLimits.text} characters`)
    this.#builder.text(text)
  }

  #refuse(code: 'file_damaged' | 'file_unsupported' | 'file_limit', sentence: string): never {
    const { line } = this.#parser
    throw new AppError(code, `${this.#file} can't be read from line ${line} on: ${sentence}.`, { details: { file: this.#file, line } })
  }
}

function attributesOf({ attributes }: SaxesTagPlain): Map<string, string> | null {
  const names = Object.keys(attributes)
  return names.length === 0 ? null : new Map(names.map((name) => [localName(name), attributes[name] ?? '']))
}

export function localName(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(colon + 1)
}

/** `file.xml:3:7: disallowed character.` without what we say ourselves. */
function plainText(message: string, file: string): string {
  const text = message.startsWith(`${file}:`) ? message.slice(file.length + 1).replace(/^\d+:\d+: /, '') : message
  return `it is no well-formed XML (${text.replace(/\.$/, '').slice(0, 200)})`
}
