/** Where a record stands: the name of its file, its number from 1, the byte and the line (from 1) of its start in the unpacked file. */
export type RecordPosition = { file: string; record: number; byte: number; line: number }

/**
 * One record of a fixture, cut from the stream and parsed. Numbers that a double can't hold without loss arrive as `ExactNumber`.
 * `problem` stands in the place of `value` when the text between the record's boundaries is not a JSON object we take.
 */
export type FixtureRecord = RecordPosition &
  ({ value: FixtureObject; text: () => string; problem?: undefined } | { value?: undefined; text: () => string; problem: string })

/** `pk` undefined: the file does not name one (natural primary key); null: it says null. */
export type FixtureObject = { model: string; pk?: unknown; fields: Record<string, unknown> }

/** A JSON number kept as it was written, for instance `9007199254740993` or `1.000000000000000001`. */
export class ExactNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
