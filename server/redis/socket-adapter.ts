import type { RedisLink } from './redis.ts'

/**
 * Messages that the stream keeps. A process that lost its connection for a moment reads on from where it was; what it missed beyond that is found in the
 * database. A message of log lines may have a hundred kilobytes, so the stream stays under some hundred megabytes.
 */
const longestStream = 2000

/** The adapter that carries Socket.IO's messages between processes, in a Redis stream. It ends with the socket server, before the link does. */
export async function createStreamsAdapter(link: RedisLink, prefix: string) {
  const { createAdapter } = await import('@socket.io/redis-streams-adapter')
  const { commands } = link
  const carrier = {
    options: {},
    // Readers wait for Redis when it is away; the adapter would ask again at once.
    duplicate: () => link.duplicate(),
    xadd: async (args: (string | number)[]) => await commands.call('XADD', ...args),
    // The adapter does not look at what becomes of it: a rejection nobody sees would end the process.
    publish: async (channel: string, payload: Buffer) => await commands.publish(channel, payload).catch(() => 0),
  }
  return createAdapter(carrier, { streamName: `${prefix}:sockets`, channelPrefix: `${prefix}:sockets`, maxLen: longestStream, onlyPlaintext: true })
}
