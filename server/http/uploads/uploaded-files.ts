import type { Uploads } from '../../sessions/uploads/uploads.ts'
import type { Storage } from '../../storage/storage.ts'
import type { ReceivedFile } from './upload-engine.ts'
import type { UploadReceiver } from './upload-receiver.ts'

type Parts = { uploads: Uploads; receiver: UploadReceiver; storage: Storage }

/** A file of a start. */
export type IntakeFile = Omit<ReceivedFile, 'uploadsBefore'>

const headBytes = 4096
const atOnce = 16

/** The files of uploads that arrived whole, with their beginnings, in the order of their ids. Throws `not_found`, and `conflict` while one is not whole. */
export async function uploadedFiles({ uploads, receiver, storage }: Parts, userId: string, ids: string[]): Promise<IntakeFile[]> {
  const rows = await uploads.list(userId, ids)
  const files: IntakeFile[] = []
  for (let at = 0; at < rows.length; at += atOnce) {
    const some = rows.slice(at, at + atOnce).map(async (row) => {
      const { name, key, size, sha256, relativePath } = await receiver.whole(row)
      const head = Buffer.concat(await storage.read(key ?? '', { start: 0, end: Math.min(size, headBytes) }).toArray())
      return { name, key: key ?? '', size, sha256: sha256 ?? '', head, relativePath: relativePath ?? null }
    })
    files.push(...(await Promise.all(some)))
  }
  return files
}

/** All files of a start in the order in which its form named them. */
export function inOrder(received: ReceivedFile[], uploaded: IntakeFile[]): IntakeFile[] {
  const files: IntakeFile[] = []
  let taken = 0
  for (const { uploadsBefore, ...file } of received) {
    files.push(...uploaded.slice(taken, uploadsBefore), file)
    taken = Math.max(taken, uploadsBefore)
  }
  return [...files, ...uploaded.slice(taken)]
}
