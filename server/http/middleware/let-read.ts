import type { IncomingMessage, ServerResponse } from 'node:http'

/** How long a client may go on sending after it was refused. */
const goOnSendingMs = 3000

/**
 * A client that is still sending a body that was refused gets time to read the answer: a connection that is closed on it at once is reset, and the answer
 * lost. One that goes on sending is cut off.
 */
export function letRead(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  const toBeClosed = !response.shouldKeepAlive
  response.shouldKeepAlive = true
  const timer = setTimeout(() => socket.destroy(), goOnSendingMs)
  request.once('close', () => clearTimeout(timer))
  request.once('end', () => {
    clearTimeout(timer)
    if (toBeClosed) socket.end()
  })
  request.resume()
}
