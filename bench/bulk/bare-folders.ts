import { mkdir, open, readdir, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { FileThreads } from '../../server/storage/file-threads.ts'

/**
 * What a delivery to a folder does with its bytes, and nothing else, so many at a time: each file is hashed once; each copy is made, brought to the disk, named and compared
 * with its source. Prints the seconds. Arguments: folder, folder to make the copies in, number of copies.
 */
const [, , source = '', to = '', copies = '1'] = process.argv
const atOnce = 64
// As many threads wait for the disk as in a server.
process.env['UV_THREADPOOL_SIZE'] ??= '16'
const threads = new FileThreads()
const { signal } = new AbortController()

const names = await readdir(source)
const start = performance.now()
const contents = new Map(
  await Promise.all(
    names.map(async (name) => {
      const file = path.join(source, name)
      const content = await threads.hash(file, (await stat(file)).size, signal)
      threads.know(file, content)
      return [name, content] as const
    }),
  ),
)

async function deliver(name: string, folder: string): Promise<void> {
  const [part, file] = [path.join(folder, `${name}.part`), path.join(folder, name)]
  await threads.copy(path.join(source, name), part, signal)
  const copied = await open(part, 'r+')
  await copied.datasync()
  await copied.close()
  await rename(part, file)
  if (!(await threads.holds(file, contents.get(name)!, signal))) throw new Error(`${file} is not what was copied.`)
}

const folders = Array.from({ length: Number(copies) }, (_none, index) => path.join(to, String(index)))
for (const folder of folders) await mkdir(folder, { recursive: true })
const deliveries = names.flatMap((name) => folders.map((folder) => async () => await deliver(name, folder)))
const deliverSome = async () => {
  for (let next = deliveries.shift(); next; next = deliveries.shift()) await next()
}
await Promise.all(Array.from({ length: atOnce }, deliverSome))
process.stdout.write(String((performance.now() - start) / 1000))
await threads.close()
