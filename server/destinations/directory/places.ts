import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../errors.ts'

/** The folders that deliveries may go to: the one of bare names, and those that the operator listed, with all below them. Absolute paths. */
export type DeliveryPlaces = { deliveriesDir: string; destinationDirs: string[] }

/** The absolute path that an account's folder names. Throws `invalid_input` for one that is outside of the places. */
export function deliveryFolder(folder: string, { deliveriesDir, destinationDirs }: DeliveryPlaces): string {
  const absolute = path.isAbsolute(folder) ? path.resolve(folder) : path.resolve(deliveriesDir, folder)
  const places = path.isAbsolute(folder) ? [deliveriesDir, ...destinationDirs] : [deliveriesDir]
  const good = !folder.includes('\0') && places.some((place) => isBelow(absolute, place))
  if (!good) {
    throw new AppError(
      'invalid_input',
      'A folder for deliveries is a name, for a folder in DATA_DIR/deliveries, or a path in a folder that the setting DESTINATION_DIRS lists.',
    )
  }
  return absolute
}

/** Throws `destination_refused` when a folder, its links followed, is outside of the one that it has to be in. Both are there. */
export async function requireInside(folder: string, root: string): Promise<void> {
  if (isBelow(await realpath(folder), await realpath(root))) return
  throw new AppError('destination_refused', 'A link in that folder leads out of it.')
}

/** Whether a folder is there, and, its links followed, in one whose own place is known. */
export async function leadsInto(folder: string, realRoot: string): Promise<boolean> {
  const real = await realpath(folder).catch(() => null)
  return real !== null && isBelow(real, realRoot)
}

function isBelow(folder: string, place: string): boolean {
  const way = path.relative(place, folder)
  return way === '' || (!way.startsWith('..') && !path.isAbsolute(way))
}
