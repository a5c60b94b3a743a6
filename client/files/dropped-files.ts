/** What systems put into folders for themselves. */
const ownOfSystems = /^(\.DS_Store|Thumbs\.db|desktop\.ini)$/i

/** The files that were dropped, those in folders as well. Has to be called while the drop is handled: afterwards nothing is told of it any more. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry())
  if (!entries.some((entry) => entry?.isDirectory)) return [...transfer.files]
  const found = await Promise.all(entries.map(async (entry) => (entry ? await filesIn(entry) : [])))
  return found.flat()
}

/** Chosen files without what systems put into folders. */
export function chosenFiles(list: FileList): File[] {
  return [...list].filter((file) => !ownOfSystems.test(file.name))
}

/** Where a file stood in what was chosen or dropped: its name, with the folders before it where there are any. */
export function pathOf(file: File): string {
  return file.webkitRelativePath || file.name
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (isFile(entry)) return ownOfSystems.test(entry.name) ? [] : [await fileOf(entry)]
  const inner = await entriesOf((entry as FileSystemDirectoryEntry).createReader())
  const found: File[] = []
  for (const each of inner.toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))) found.push(...(await filesIn(each)))
  return found
}

// A reader gives a hundred at a time, and none when there are no more.
async function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}

async function fileOf(entry: FileSystemFileEntry): Promise<File> {
  const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
  // As a folder that was chosen tells it; a dropped one leaves it empty.
  Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.replace(/^\//, ''), configurable: true })
  return file
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}
