import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/** The folder of real sample files (`SAMPLES_DIR`, else `../shared/samples` beside the repository); null when it is not there. */
export function samplesDir(): string | null {
  const folder = resolve(process.env['SAMPLES_DIR'] ?? resolve(import.meta.dirname, '../../../shared/samples'))
  return existsSync(folder) ? folder : null
}
