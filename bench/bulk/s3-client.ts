import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { open, readdir } from 'node:fs/promises'
import path from 'node:path'

/** Sends the files of a folder to a store by the client that Intake uses, in parts, four files at a time, and prints the seconds. Arguments: folder, port. */
const [, , folder = '', port = ''] = process.argv
const partBytes = 8 * 1024 * 1024
const filesAtOnce = 4
const client = new S3Client({
  region: 'us-east-1',
  endpoint: `http://127.0.0.1:${port}`,
  forcePathStyle: true,
  credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
})

async function send(name: string): Promise<void> {
  const at = { Bucket: 'bucket', Key: `plain/${name}` }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at))
  const file = await open(path.join(folder, name))
  const parts: { PartNumber: number; ETag: string | undefined }[] = []
  for (let PartNumber = 1; ; PartNumber++) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(partBytes), 0, partBytes)
    if (bytesRead === 0) break
    const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body: buffer.subarray(0, bytesRead) }))
    parts.push({ PartNumber, ETag })
  }
  await file.close()
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: parts } }))
}

const names = await readdir(folder)
const start = performance.now()
const sendSome = async () => {
  for (let name = names.pop(); name !== undefined; name = names.pop()) await send(name)
}
await Promise.all(Array.from({ length: filesAtOnce }, sendSome))
process.stdout.write(String((performance.now() - start) / 1000))
