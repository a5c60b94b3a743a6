import { parentPort, workerData } from 'node:worker_threads'
import { ReplayingSocket } from './replaying-socket.ts'

/** A crowd of sockets in a thread of its own, so that they keep nobody else waiting. All connect at once and read everything up to `seq`. */
export type Crowd = { url: string; importId: string; token: string; count: number; seq: number }

const { url, importId, token, count, seq } = workerData as Crowd
const sockets = Array.from({ length: count }, () => new ReplayingSocket(url, importId, token))
await Promise.all(sockets.map(async (socket) => await socket.replay(seq)))
for (const socket of sockets) socket.close()
parentPort?.postMessage(sockets.flatMap(({ faults }) => faults))
