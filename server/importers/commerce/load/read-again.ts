import type { Document } from '../read/documents.ts'
import { openRecords } from '../read/read-records.ts'
import type { CommerceRecord, RecordPlace } from '../read/record.ts'
import { contentOf } from '../report/rejected.ts'

/**
 * Finds single records again in their files, for the list of those that the target refused: what they hold is not kept. Goes on from the last one, so that
 * a step reads each file once more at the most, however many are refused.
 */
export class ReadAgain {
  readonly #documents: Document[]
  readonly #signal: AbortSignal
  #file = ''
  #last = 0
  #records: AsyncGenerator<CommerceRecord> | null = null

  constructor(documents: Document[], signal: AbortSignal) {
    this.#documents = documents
    this.#signal = signal
  }

  /** The record as XML. */
  async contentOf({ file, record }: RecordPlace): Promise<string> {
    if (!this.#records || this.#file !== file || this.#last >= record) {
      await this.close()
      this.#records = recordsOf(
        this.#documents.find(({ name }) => name === file),
        this.#signal,
      )
      this.#file = file
    }
    for (;;) {
      const next = await this.#records.next()
      if (next.done === true) return ''
      this.#last = next.value.record
      if (next.value.record === record) return contentOf(next.value.element)
    }
  }

  async close(): Promise<void> {
    await this.#records?.return(undefined)
    this.#records = null
  }
}

async function* recordsOf(document: Document | undefined, signal: AbortSignal): AsyncGenerator<CommerceRecord> {
  const pieces = document && (await openRecords(document, signal, { way: 'quick', keep: () => true }))
  if (pieces && !('head' in pieces)) for await (const { records } of pieces) yield* records
}
