import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

/** The body of a thread that brings the write-ahead log of a database file into the file, as often as it is told to. It changes nothing else. */
const port = parentPort
if (!port) throw new Error('log-thread.ts runs as a worker thread')

const { file } = workerData as { file: string }
const connection = new Database(file, { timeout: 0, fileMustExist: true })

port.on('message', (message: 'bring in' | 'close') => {
  if (message === 'close') {
    connection.close()
    port.close()
    return
  }
  // Passive: what another one is in the way of is left for later.
  connection.pragma('wal_checkpoint(passive)')
  port.postMessage('done')
})
