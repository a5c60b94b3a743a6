import type { DeliveryPatch } from '../../jobs/delivery-book.ts'
import type { DeliveryRow } from './delivery-table.ts'

/** What a step made of a row, as columns. Each names all that it changes, so that nothing of a former step stays by chance. */
export function columnsOf({ result }: DeliveryPatch): Partial<Omit<DeliveryRow, 'import_id' | 'account_id' | 'file'>> {
  switch (result.to) {
    case 'valid':
      return { state: 'valid', input_key: result.upload.key, input_sha256: result.upload.sha256, size: result.upload.size, error: null }
    case 'copied': {
      const { copy, path, shortId, marked } = result
      const input = { input_key: copy.key, input_sha256: copy.sha256, size: copy.size }
      return { state: 'copied', ...input, path, short_id: shortId, mark: marked ? 'in_file' : 'in_name', bytes: 0, error: null }
    }
    case 'delivered':
      return { state: 'delivered', attempts: result.attempts, bytes: result.bytes, not_before: null, error: null }
    case 'verified':
      return { state: 'verified', compared: result.compared, input_key: null, not_before: null, error: null }
    case 'skipped':
      return { state: 'skipped', input_key: null, not_before: null, error: null }
    case 'again': {
      const { back, attempts, notBefore, bytes, error } = result
      return { state: back, attempts, not_before: notBefore, bytes, error: JSON.stringify(error) }
    }
    case 'failed': {
      const { attempts, error, keepsCopy } = result
      return { state: 'failed', attempts, error: JSON.stringify(error), not_before: null, ...(!keepsCopy && { input_key: null }) }
    }
  }
}
