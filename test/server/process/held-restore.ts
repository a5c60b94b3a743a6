import { Readable } from 'node:stream'
import { importer as restore } from '../../../server/importers/restore/restore.ts'
import type { Importer, JobFile } from '../../../server/jobs/importer.ts'
import { fileToAppear } from '../../support/scripted/importer.ts'

/** The product's restore. Its second reading of a file, which loads it, stops in the middle until the file that `HELD_UNTIL` names is there. */
export const importer: Importer = {
  run: async (job, context) => await restore.run({ ...job, files: job.files.map((file) => held(file, context.signal)) }, context),
}

function held(file: JobFile, signal: AbortSignal): JobFile {
  let readings = 0
  const open = (): Readable => {
    readings += 1
    return readings === 2 ? Readable.from(waitingInTheMiddle(file, signal), { objectMode: false }) : file.open()
  }
  return { ...file, open }
}

async function* waitingInTheMiddle(file: JobFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  let read = 0
  for await (const piece of file.open() as AsyncIterable<Buffer>) {
    yield piece
    read += piece.length
    if (read > file.size / 2) await fileToAppear(process.env['HELD_UNTIL'] ?? '', signal)
  }
}
