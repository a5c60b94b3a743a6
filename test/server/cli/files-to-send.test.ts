import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { filesToSend } from '../../../server/cli/files-to-send.ts'

it('files in folders are found once, in order, and a link that leads in a circle is not followed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-send-'))
  onTestFinished(async () => await rm(folder, { recursive: true }))
  await mkdir(path.join(folder, 'b'))
  await writeFile(path.join(folder, 'b', 'x.txt'), 'one')
  await writeFile(path.join(folder, 'a.txt'), 'three')
  await symlink(folder, path.join(folder, 'b', 'circle'))
  await symlink(path.join(folder, 'a.txt'), path.join(folder, 'b', 'y.txt'))
  const name = path.basename(folder)
  expect((await filesToSend([folder], { folders: true })).map(({ path: sent, size }) => [sent, size])).toEqual([
    [`${name}/a.txt`, 5],
    [`${name}/b/x.txt`, 3],
    [`${name}/b/y.txt`, 5],
  ])
  await expect(filesToSend([folder], { folders: false })).rejects.toThrow('it is not a file')
})
