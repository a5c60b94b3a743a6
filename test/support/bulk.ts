import { crc32, deflateSync } from 'node:zlib'
import { paths } from '../../shared/protocol/paths.ts'
import type { AccountView, DeliveriesPage, DeliveryView, StartAnswer } from '../../shared/protocol/views.ts'
import type { Answer, ApiClient } from './api-client.ts'

export type BulkFile = { name: string; bytes: Uint8Array<ArrayBuffer> | string }

/** Adds an account; answers its id. Throws what the server says when it does not work. */
export async function addAccount(api: ApiClient, account: Record<string, unknown> & { name: string }): Promise<string> {
  const { status, text, body } = await api.request<{ account: AccountView }>('POST', paths.accounts, { json: account })
  if (status !== 201) throw new Error(`the account ${account.name} answered ${status}: ${text}`)
  return body.account.id
}

export async function addFolder(api: ApiClient, name: string, limits: Record<string, unknown> = {}): Promise<string> {
  return await addAccount(api, { name, driver: 'directory', address: { folder: name }, limits })
}

/** Starts a bulk upload; answers whatever the server says. */
export async function startBulk(
  api: ApiClient,
  files: BulkFile[],
  options: { accounts: string[] } & Record<string, unknown>,
): Promise<Answer<StartAnswer>> {
  const form = new FormData()
  form.set('kind', 'bulk')
  form.set('options', JSON.stringify(options))
  for (const { name, bytes } of files) form.append('file', new Blob([bytes]), name)
  return await api.request<StartAnswer>('POST', paths.imports, { body: form })
}

export async function startedBulk(api: ApiClient, files: BulkFile[], options: { accounts: string[] } & Record<string, unknown>): Promise<string> {
  const { status, text, body } = await startBulk(api, files, options)
  if (status !== 201) throw new Error(`the start answered ${status}: ${text}`)
  return body.import.id
}

/** All deliveries of a run, page by page. */
export async function deliveriesOf(api: ApiClient, importId: string, limit = 5000): Promise<DeliveriesPage> {
  const deliveries: DeliveryView[] = []
  for (let after = ''; ;) {
    const { body } = await api.get<DeliveriesPage>(`${paths.deliveries(importId)}?limit=${limit}${after && `&after=${after}`}`)
    deliveries.push(...body.deliveries)
    if (body.next === null) return { ...body, deliveries }
    after = body.next
  }
}

/** An account at an HTTP endpoint of this machine. */
export async function addEndpoint(
  api: ApiClient,
  name: string,
  endpoint: { port: number; signingKey: string },
  limits: Record<string, unknown> = {},
): Promise<string> {
  const address = { url: `http://127.0.0.1:${endpoint.port}/`, method: 'PUT' }
  return await addAccount(api, { name, driver: 'http', address, secrets: { signingKey: endpoint.signingKey }, limits })
}

/** What must be set for accounts on this machine, and for tries that follow each other soon. */
export const bulkSettings = { DESTINATION_HOSTS: '127.0.0.1', DELIVERY_RETRY_SECONDS: '0.02' }

const chunk = (type: string, data: Buffer): Buffer => {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, sum])
}

/** A picture of one pixel of that grey, as a whole PNG. */
export function pngOf(grey: number): Uint8Array<ArrayBuffer> {
  const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
  const pixel = deflateSync(Buffer.from([0, grey]))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return new Uint8Array(Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', pixel), chunk('IEND', Buffer.alloc(0))]))
}
