import type { Importers } from '../../../server/app/importers.ts'
import { AppError } from '../../../server/errors.ts'

/** The scripted importer, under a kind that the product does not have yet. Its options are whatever is sent. */
export const scriptedImporters: Importers = {
  table: {
    module: new URL('./importer.ts', import.meta.url).href,
    intake: {
      needsTarget: true,
      parseOptions: (options) => options as Record<string, unknown>,
      checkFile: ({ name, head }) => {
        if (head[0] !== 0x5b) throw new AppError('unsupported_file', `${name} is no script.`)
      },
    },
  },
}
