import { SaxesParser } from 'saxes'
import type { AttributeEventForOptions, SaxesTagPlain } from 'saxes'
import { AppError } from '../../../errors.ts'
import type { XmlElement } from './element.ts'
import { filled } from './element.ts'
import type { Block, CommerceRecord, RecordKind } from './record.ts'
import { blockNames, innerKindOf, kindOf, passedName, rootName } from './record.ts'

/** Real files stay far below these; saxes itself has no limits. Characters of one text, attribute, comment or declaration, with what is around it. */
export const xmlLimits = { depth: 100, attributes: 256, text: 2 ** 20, elementsOfRecord: 100_000, textOfRecord: 8 * 2 ** 20 }

type Options = { xmlns: false; fileName: string }

/** A record on its way: its elements from the outermost to the one that is open. */
type Building = { record: CommerceRecord; open: XmlElement[]; characters: number }

/**
 * Cuts the records out of an XML text that comes in pieces. What is outside of them is passed over, but all of it has to be well-formed.
 * Throws AppError `file_damaged` with the line for what is not well-formed, `file_unsupported` for a DOCTYPE and what is no CommerceML, `file_limit`.
 */
export class RecordCutter {
  readonly #file: string
  readonly #parser: SaxesParser<Options>
  readonly #byteAt: () => number
  readonly #path: string[] = []
  readonly #building: Building[] = []
  #done: CommerceRecord[] = []
  #block: Block = { name: '', header: new Map(), onlyChanges: null }
  #attributes = 0
  #silent = 0
  #passing = 0
  #startLine = 1
  #startByte = 0
  #records = 0
  #headerText = ''
  /** Orders that were passed over. */
  documents = 0

  /** @param byteAt where in the file the piece that is being written has its next tag, in bytes */
  constructor(file: string, byteAt: (position: number) => number) {
    this.#file = file
    const parser = new SaxesParser<Options>({ xmlns: false, fileName: file })
    this.#parser = parser
    this.#byteAt = () => byteAt(parser.position)
    parser.on('error', (error) => this.#refuse('file_damaged', plainText(error.message, file)))
    parser.on('doctype', () => this.#refuse('file_unsupported', 'it has a DOCTYPE, which no export of 1C has'))
    parser.on('opentagstart', () => this.#begin())
    parser.on('attribute', (attribute) => this.#attribute(attribute))
    parser.on('opentag', (tag) => this.#open(tag))
    parser.on('closetag', (tag) => this.#close(localName(tag.name)))
    parser.on('text', (text) => this.#text(text))
    parser.on('cdata', (text) => this.#text(text))
    parser.on('comment', () => this.#heard())
    parser.on('processinginstruction', () => this.#heard())
  }

  /** The records that this piece completes. */
  write(piece: string): CommerceRecord[] {
    this.#parser.write(piece)
    // saxes keeps what it has of a text or tag until it is complete: that is what grows when nothing is heard of it.
    this.#silent += piece.length
    if (this.#silent > xmlLimits.text + piece.length) this.#refuse('file_limit', `one piece of it is longer than ${xmlLimits.text} characters`)
    return this.#take()
  }

  end(): CommerceRecord[] {
    this.#parser.close()
    return this.#take()
  }

  #take(): CommerceRecord[] {
    const done = this.#done
    this.#done = []
    return done
  }

  #heard(): void {
    this.#silent = 0
  }

  #begin(): void {
    this.#heard()
    this.#attributes = 0
    this.#startLine = this.#parser.line
    if (this.#path.length >= xmlLimits.depth) this.#refuse('file_limit', `its elements are nested more than ${xmlLimits.depth} deep`)
  }

  #attribute({ value }: AttributeEventForOptions<Options>): void {
    this.#heard()
    this.#attributes += 1
    if (this.#attributes > xmlLimits.attributes) this.#refuse('file_limit', `an element has more than ${xmlLimits.attributes} attributes`)
    if (value.length > xmlLimits.text) this.#refuse('file_limit', `an attribute is longer than ${xmlLimits.text} characters`)
  }

  #open(tag: SaxesTagPlain): void {
    this.#heard()
    const name = localName(tag.name)
    const parent = this.#path.at(-1)
    this.#path.push(name)
    if (this.#passing > 0 || this.#path.length === 1) {
      this.#passing += this.#passing > 0 ? 1 : 0
      if (this.#path.length === 1) this.#root(name, tag)
      return
    }
    const building = this.#building.at(-1)
    const kind = building ? innerKindOf(building.record.kind, parent ?? '', name) : kindOf(parent, name)
    if (kind) this.#start(kind, element(name, tag))
    else if (building) this.#grow(building, element(name, tag))
    else this.#outside(name, tag)
  }

  #root(name: string, tag: SaxesTagPlain): void {
    if (name === rootName) return
    // A part of an export without its root, as some programs keep it.
    if (blockNames.has(name)) return this.#outside(name, tag)
    const what = /^html$/i.test(name) ? 'an HTML page' : `an XML file of another kind (<${name.slice(0, 60)}>)`
    this.#refuse('file_unsupported', `it is ${what}, not CommerceML`)
  }

  #outside(name: string, tag: SaxesTagPlain): void {
    this.#headerText = ''
    if (name === passedName) {
      this.documents += 1
      this.#passing = 1
    }
    if (!blockNames.has(name)) return
    const said = element(name, tag).attributes?.get('СодержитТолькоИзменения')
    this.#block = { name, header: new Map(), onlyChanges: said === undefined ? null : said.trim() !== 'false' }
  }

  #start(kind: RecordKind, started: XmlElement): void {
    const outer = this.#building.at(-1)
    const within = outer ? (outer.open[0]?.children.find(({ name }) => name === 'Ид')?.text ?? '') : ''
    this.#records += 1
    this.#startByte = this.#byteAt()
    const place = { file: this.#file, record: this.#records, line: this.#startLine, byte: this.#startByte }
    const record = { ...place, kind, element: started, within: filled(within), block: this.#block, elements: 1, tooLarge: false }
    this.#building.push({ record, open: [started], characters: 0 })
  }

  #grow(building: Building, grown: XmlElement): void {
    building.record.elements += 1
    building.record.tooLarge ||= building.record.elements > xmlLimits.elementsOfRecord
    const parent = building.open.at(-1)
    if (parent && !building.record.tooLarge) {
      if (parent.children.length === 0) parent.text = parent.text.trim()
      parent.children.push(grown)
    }
    building.open.push(grown)
  }

  #text(text: string): void {
    this.#heard()
    if (text.length > xmlLimits.text) this.#refuse('file_limit', `a text is longer than ${xmlLimits.text} characters`)
    if (this.#passing > 0) return
    const building = this.#building.at(-1)
    if (!building) {
      this.#headerText += text.length > 10_000 ? '' : text
      return
    }
    building.characters += text.length
    building.record.tooLarge ||= building.characters > xmlLimits.textOfRecord
    const open = building.open.at(-1)
    if (!open || building.record.tooLarge || (open.children.length > 0 && isBlank(text))) return
    open.text += text
  }

  #close(name: string): void {
    this.#heard()
    this.#path.pop()
    if (this.#passing > 0) {
      this.#passing -= 1
      return
    }
    const building = this.#building.at(-1)
    if (!building) return this.#header(name)
    building.open.pop()
    if (building.open.length > 0) return
    this.#building.pop()
    this.#done.push(building.record)
  }

  /** Ид, ИдКаталога and the like: texts that stand in the block itself. */
  #header(name: string): void {
    if (this.#path.at(-1) === this.#block.name && this.#block.header.size < 50) this.#block.header.set(name, this.#headerText.trim())
    this.#headerText = ''
  }

  #refuse(code: 'file_damaged' | 'file_unsupported' | 'file_limit', sentence: string): never {
    const { line } = this.#parser
    throw new AppError(code, `${this.#file} can't be read from line ${line} on: ${sentence}.`, { details: { file: this.#file, line } })
  }
}

function element(name: string, { attributes }: SaxesTagPlain): XmlElement {
  let named: Map<string, string> | null = null
  for (const key of Object.keys(attributes)) {
    named ??= new Map()
    named.set(localName(key), attributes[key] ?? '')
  }
  return { name, attributes: named, text: '', children: [] }
}

function localName(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(colon + 1)
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}

/** `file.xml:3:7: disallowed character.` without what we say ourselves. */
function plainText(message: string, file: string): string {
  const text = message.startsWith(`${file}:`) ? message.slice(file.length + 1).replace(/^\d+:\d+: /, '') : message
  return `it is no well-formed XML (${text.replace(/\.$/, '').slice(0, 200)})`
}
