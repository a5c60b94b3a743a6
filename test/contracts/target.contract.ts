import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeFences } from './target-fences.ts'
import { describeReferences } from './target-references.ts'
import { describeSchema } from './target-schema.ts'
import type { TargetFactory, TargetSubject } from './target-subject.ts'
import { describeValues } from './target-values.ts'
import { describeWriting } from './target-writing.ts'

/** What every driver of the seam `Target` has to do. Each test has a database of its own. */
export function describeTarget({ name, capabilities, create }: TargetFactory): void {
  describe(`a target in ${name}`, () => {
    let current: TargetSubject | null = null
    const subject = (): TargetSubject => {
      if (!current) throw new Error('the subject is there while a test runs')
      return current
    }

    beforeEach(async () => {
      current = await create()
    })

    afterEach(async () => {
      await current?.close()
      current = null
    })

    it('has the capabilities that its contract is run with', async () => {
      expect((await subject().open()).capabilities).toEqual(capabilities)
    })

    describeSchema(subject)
    describeWriting(subject)
    describeReferences(subject)
    describeValues(subject, capabilities)
    describeFences(subject)
  })
}
