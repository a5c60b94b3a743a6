import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { testRules } from '../../contracts/destination-subject.ts'
import type { DeliveryOrder, Destination } from '../../../server/destinations/destination.ts'
import { openDestination } from '../../../server/destinations/open-destination.ts'

const never = new AbortController().signal
const bytes = Buffer.alloc(8 * 1024 * 1024, 'many bytes ')
const order: DeliveryOrder = {
  path: 'file.bin',
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  idempotencyKey: 'run/0/account',
}

/** A destination at a server that answers so. */
async function openAt(driver: 'http' | 'webdav', answer: RequestListener, readBack = true): Promise<Destination> {
  const server = createServer(answer)
  // It says whether it wants the body by its answer.
  server.on('checkContinue', answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const place =
    driver === 'http'
      ? ({ driver, address: { url, method: 'PUT', headers: {} }, secrets: {} } as const)
      : ({ driver, address: { url, user: '', readBack }, secrets: {} } as const)
  const destination = await openDestination(place, testRules())
  onTestFinished(async () => {
    await destination.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return destination
}

async function deliver(destination: Destination): Promise<unknown> {
  const pieces = (start: number) => Readable.from([bytes.subarray(start, bytes.length / 2), bytes.subarray(bytes.length / 2)], { objectMode: false })
  return await destination.deliver(pieces, order, { signal: never, progress: () => undefined })
}

describe('an endpoint', () => {
  it.each([
    ['before it asked for any of it', false],
    ['when it had some of it', true],
  ])('that says “200 OK” %s has not got the file', async (_when, asks) => {
    const destination = await openAt('http', (request, response) => {
      if (!asks) return void response.writeHead(200, { Connection: 'close' }).end('<html>Please log in</html>')
      response.writeContinue()
      request.once('data', () => {
        request.pause()
        response.writeHead(200, { Connection: 'close' }).end('<html>Please log in</html>', () => request.socket.destroy())
      })
    })
    await expect(deliver(destination)).rejects.toMatchObject({ code: 'destination_unreachable', retryable: true })
  })

  it('that refuses a file when it has some of it, and then reads no more, is heard', async () => {
    const destination = await openAt('http', (request, response) => {
      response.writeContinue()
      request.once('data', () => {
        request.pause()
        response.writeHead(413).end()
      })
    })
    await expect(deliver(destination)).rejects.toMatchObject({ code: 'destination_too_large' })
  })
})

it('an answer that nobody reads holds up no delivery when it does not end', async () => {
  const destination = await openAt('http', (request, response) => {
    response.writeContinue()
    request.resume().once('end', () => void response.writeHead(201).write('…'))
  })
  expect(await deliver(destination)).toEqual({ outcome: 'delivered', resumedAt: 0 })
})

describe('a WebDAV server', () => {
  const head = { 'OC-Checksum': `SHA256:${order.sha256}` }

  it.each([
    ['tells the checksum', head, true, 'content'],
    ['gives the file back', {}, true, 'content'],
    ['is not to be read back', {}, false, 'nothing'],
  ])('that does not tell the length of a file, and %s, has it', async (_what, headers, readBack, compared) => {
    const answer: RequestListener = ({ method }, response) => {
      response.writeHead(200, { ...headers, 'Transfer-Encoding': 'chunked' })
      response.end(method === 'GET' ? bytes : undefined)
    }
    const destination = await openAt('webdav', answer, readBack)
    expect(await destination.verify(order, never)).toEqual({ compared })
    expect(await deliver(destination)).toEqual({ outcome: 'already_there', resumedAt: 0 })
  })

  it('that gives back more and more of a file does not have it', async () => {
    const destination = await openAt('webdav', ({ method }, response) => {
      if (method === 'HEAD') return void response.writeHead(200, { 'Content-Length': bytes.length }).end()
      const more = () => {
        while (!response.destroyed && response.write(bytes.subarray(0, 65_536)));
      }
      response.writeHead(200).on('drain', more)
      more()
    })
    await expect(destination.verify(order, never)).rejects.toMatchObject({ code: 'destination_damaged' })
  })
})
