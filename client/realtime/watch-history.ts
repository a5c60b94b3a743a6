import { io } from 'socket.io-client'
import type { Socket } from 'socket.io-client'
import type { ClientToServer, ServerToClient } from '../../shared/protocol/events.ts'
import type { ImportView, Ledger, Progress } from '../../shared/protocol/views.ts'
import type { SessionStatus } from '../../shared/session-status.ts'
import { Alarm } from './alarm.ts'
import { BackOff } from './back-off.ts'

export type HistoryListener = {
  onImport: (view: ImportView) => void
  onProgress: (figures: { importId: string; status: SessionStatus; progress: Progress; ledger: Ledger }) => void
  /** What was missed while `false` has to be read again. */
  onLive: (live: boolean) => void
  /** The login that the socket was opened with is no more. It is tried again after `resume`. */
  onUnauthorized: () => void
}

export type HistoryWatch = { nudge(): void; resume(): void; close(): void }

type HistorySocket = Socket<ServerToClient, ClientToServer>

/** Hears of every import session, by the login cookie, until `close`. */
export function watchHistory(listener: HistoryListener, url?: string): HistoryWatch {
  const stop = new AbortController()
  const nudges = new Alarm()
  const resumes = new Alarm()
  void follow(listener, { stop: stop.signal, nudges, resumes, url })
  return {
    nudge: () => nudges.ring(),
    resume: () => {
      resumes.ring()
      nudges.ring()
    },
    close: () => stop.abort(),
  }
}

type Signals = { stop: AbortSignal; nudges: Alarm; resumes: Alarm; url: string | undefined }

async function follow(listener: HistoryListener, { stop, nudges, resumes, url }: Signals): Promise<void> {
  const backOff = new BackOff()
  while (!stop.aborted) {
    const settings = { path: '/socket.io', autoConnect: false, reconnection: false, forceNew: true }
    const outcome = await listen(url === undefined ? io(settings) : io(url, settings), listener, stop, () => backOff.reset())
    if (stop.aborted) return
    listener.onLive(false)
    if (outcome === 'lost') await nudges.wait(stop, backOff.next())
    else {
      listener.onUnauthorized()
      await resumes.wait(stop)
    }
  }
}

/** One socket's life. */
async function listen(socket: HistorySocket, listener: HistoryListener, stop: AbortSignal, onLive: () => void): Promise<'lost' | 'unauthorized'> {
  const outcome = await new Promise<'lost' | 'unauthorized'>((resolve) => {
    stop.addEventListener('abort', () => resolve('lost'), { once: true })
    socket.on('connect', () => {
      socket.emit('history', (answer) => {
        if (!answer.ok) return resolve('unauthorized')
        onLive()
        listener.onLive(true)
      })
    })
    socket.on('import', ({ import: view }) => listener.onImport(view))
    socket.on('progress', (message) => listener.onProgress(message))
    socket.on('revoked', () => resolve('unauthorized'))
    socket.on('connect_error', (error: Error & { data?: unknown }) => resolve(error.data === undefined ? 'lost' : 'unauthorized'))
    socket.on('disconnect', () => resolve('lost'))
    socket.connect()
  })
  socket.removeAllListeners()
  socket.disconnect()
  return outcome
}
