import type { XmlElement } from './element.ts'
import { filled } from './element.ts'
import type { Block, CommerceRecord, RecordKind } from './record.ts'
import { blockNames, innerKindOf, kindOf, passedName, rootName } from './record.ts'

/** Real records stay far below these: what comes beyond is not kept, and the record will be rejected. */
const recordLimits = { elements: 100_000, text: 8 * 2 ** 20 }

/** A record on its way: its elements from the outermost to the one that is open. */
type Building = { record: CommerceRecord; open: XmlElement[]; characters: number }

/** Which children of a record are of use, by its kind. Of others only the name is kept: most of what a file holds is of no use to one step. */
export type Keep = (kind: RecordKind, child: string) => boolean

/** Where the tag begins that is being opened. Asked for each record, not for each tag. */
export type Place = { line: number; byte: number }

/**
 * Makes records of the tags and texts of a document. What is outside of records is passed over, but for what the blocks say of themselves.
 * Groups within groups, and the values of a property, come as records of their own, before the one that they stand in.
 */
export class RecordBuilder {
  readonly #file: string
  readonly #place: () => Place
  readonly #keep: Keep
  /** Of elements that can have none any more: never added to. */
  readonly #noChildren: XmlElement[] = []
  readonly #path: string[] = []
  readonly #building: Building[] = []
  #done: CommerceRecord[] = []
  #block: Block = { name: '', header: new Map(), onlyChanges: null }
  #passing = 0
  #records = 0
  #headerText = ''
  /** Orders that were passed over. */
  orders = 0

  constructor(file: string, place: () => Place, keep: Keep) {
    this.#file = file
    this.#place = place
    this.#keep = keep
  }

  /** Whether what comes now is passed over, so that its attributes and texts need not be told. */
  get passing(): boolean {
    return this.#passing > 0
  }

  /** Whether what comes now is part of a record. */
  get building(): boolean {
    return this.#passing === 0 && this.#building.length > 0
  }

  get depth(): number {
    return this.#path.length
  }

  /** The records that are complete since it was last asked. */
  take(): CommerceRecord[] {
    const done = this.#done
    this.#done = []
    return done
  }

  /** Whether this can be the outermost element of a document: the root, or, as some programs keep them, a block without it. */
  static isRoot(name: string): boolean {
    return name === rootName || blockNames.has(name)
  }

  open(name: string, attributes: Map<string, string> | null): void {
    const parent = this.#path.at(-1)
    this.#path.push(name)
    if (this.#passing > 0) {
      this.#passing += 1
      return
    }
    const building = this.#building.at(-1)
    const kind = building ? innerKindOf(building.record.kind, parent ?? '', name) : kindOf(parent, name)
    if (kind) this.#start(kind, { name, attributes, text: '', children: [] })
    else if (building) this.#grow(building, { name, attributes, text: '', children: [] })
    else this.#outside(name, attributes)
  }

  text(text: string): void {
    if (this.#passing > 0) return
    const building = this.#building.at(-1)
    if (!building) {
      this.#headerText += text.length > 10_000 ? '' : text
      return
    }
    building.characters += text.length
    building.record.tooLarge ||= building.characters > recordLimits.text
    const open = building.open.at(-1)
    if (!open || building.record.tooLarge || (open.children.length > 0 && text.trim() === '')) return
    open.text += text
  }

  /** Blanks between tags, which mean nothing. */
  blank(characters: number): void {
    const building = this.#building.at(-1)
    if (building) building.characters += characters
  }

  /** An element of a record with nothing but a text in it, as a whole. Answers false when it has to be opened and closed, as records of their own do. */
  leaf(name: string, attributes: Map<string, string> | null, text: string): boolean {
    const building = this.#building.at(-1)
    if (!building || innerKindOf(building.record.kind, this.#path.at(-1) ?? '', name)) return false
    const { record, open } = building
    record.elements += 1
    const kept = open.length > 1 || this.#keep(record.kind, name)
    if (kept) building.characters += text.length
    record.tooLarge ||= record.elements > recordLimits.elements || building.characters > recordLimits.text
    if (record.tooLarge) return true
    attach(open.at(-1), { name, attributes, text: kept ? text : '', children: this.#noChildren })
    return true
  }

  close(): void {
    const name = this.#path.pop() ?? ''
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

  #outside(name: string, attributes: Map<string, string> | null): void {
    this.#headerText = ''
    if (name === passedName) {
      this.orders += 1
      this.#passing = 1
    }
    if (!blockNames.has(name)) return
    const said = attributes?.get('СодержитТолькоИзменения')
    this.#block = { name, header: new Map(), onlyChanges: said === undefined ? null : said.trim() !== 'false' }
  }

  #start(kind: RecordKind, element: XmlElement): void {
    const outer = this.#building.at(-1)
    const within = outer ? (outer.open[0]?.children.find(({ name }) => name === 'Ид')?.text ?? '') : ''
    this.#records += 1
    const place = { file: this.#file, record: this.#records, ...this.#place() }
    const record = { ...place, kind, element, within: filled(within), block: this.#block, elements: 1, tooLarge: false }
    this.#building.push({ record, open: [element], characters: 0 })
  }

  #grow(building: Building, grown: XmlElement): void {
    building.record.elements += 1
    building.record.tooLarge ||= building.record.elements > recordLimits.elements
    if (!building.record.tooLarge) attach(building.open.at(-1), grown)
    if (building.open.length === 1 && !this.#keep(building.record.kind, grown.name)) this.#passing = 1
    else building.open.push(grown)
  }

  /** Ид, ИдКаталога and the like: texts that stand in the block itself. */
  #header(name: string): void {
    if (this.#path.at(-1) === this.#block.name && this.#block.header.size < 50) this.#block.header.set(name, this.#headerText.trim())
    this.#headerText = ''
  }
}

function attach(parent: XmlElement | undefined, element: XmlElement): void {
  if (!parent) return
  if (parent.children.length === 0) parent.text = parent.text.trim()
  parent.children.push(element)
}
