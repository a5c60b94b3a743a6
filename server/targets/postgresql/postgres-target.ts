import { AppError } from '../../errors.ts'
import type { Target } from '../target.ts'

export function openPostgres(_url: string): Target {
  throw new AppError('unavailable', 'The PostgreSQL driver is not there yet.')
}
