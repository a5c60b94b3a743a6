import { Client } from 'pg'
import { from } from 'pg-copy-streams'
import type { PostgresAddress } from '../target.ts'
import { targetHosts } from '../target-hosts.ts'
import { translatePostgres } from './errors.ts'
import { socketWithin } from './socket.ts'

const connectTimeoutMs = 10_000

/**
 * What every connection works with, whatever the server or the role has set. Waiting for a lock ends after a minute with `target_locked`. Compiling a
 * statement takes longer than a batch does.
 */
const settings = `SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';
  SET extra_float_digits = 1; SET standard_conforming_strings = on; SET client_min_messages = warning; SET statement_timeout = 0;
  SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s'; SET jit = off`

export type TextRow = (string | null)[]

/** One connection. Values come as the text that the database writes; errors leave as AppError. */
export class Session {
  readonly #client: Client
  #alive = true

  private constructor(client: Client) {
    this.#client = client
    client.on('error', () => {
      this.#alive = false
    })
    client.on('end', () => {
      this.#alive = false
    })
  }

  static async connect({ url, hosts }: PostgresAddress): Promise<Session> {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      application_name: 'intake',
      stream: () => socketWithin(targetHosts(hosts)),
    })
    const session = new Session(client)
    try {
      await session.#translated(async () => await client.connect())
      await session.run(settings)
    } catch (thrown) {
      await session.close()
      throw thrown
    }
    return session
  }

  /** Whether the connection can still be used. */
  get alive(): boolean {
    return this.#alive
  }

  /** Runs statements without parameters, one or more; answers the command of the last, for instance `COMMIT`. */
  async run(sql: string): Promise<string> {
    const result: unknown = await this.#translated(async () => await this.#client.query(sql))
    const last: unknown = Array.isArray(result) ? result.at(-1) : result
    return typeof last === 'object' && last !== null && 'command' in last ? String(last.command) : ''
  }

  async rows(sql: string, values: unknown[] = []): Promise<TextRow[]> {
    const result = await this.#translated(
      async () => await this.#client.query<TextRow>({ text: sql, values, rowMode: 'array', types: { getTypeParser: () => String } }),
    )
    return result.rows
  }

  /** The first column of the first row, parsed from JSON; null when there is none. */
  async json<T>(sql: string, values: unknown[] = []): Promise<T | null> {
    const text = (await this.rows(sql, values))[0]?.[0] ?? null
    return text === null ? null : (JSON.parse(text) as T)
  }

  /** `COPY … FROM STDIN` with the text given in pieces. */
  async copyIn(sql: string, pieces: Buffer[]): Promise<void> {
    await this.#translated(
      async () =>
        await new Promise<void>((resolve, reject) => {
          const stream = this.#client.query(from(sql))
          stream.on('error', reject)
          stream.once('finish', resolve)
          for (const piece of pieces) stream.write(piece)
          stream.end()
        }),
    )
  }

  async close(): Promise<void> {
    this.#alive = false
    await this.#client.end()
  }

  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      throw translatePostgres(thrown)
    }
  }
}
