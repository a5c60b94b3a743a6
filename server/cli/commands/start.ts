import { randomUUID } from 'node:crypto'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { StartAnswer } from '../../../shared/protocol/views.ts'
import { commerceTypes } from '../../../shared/schemas/commerce-options.ts'
import { importKinds } from '../../../shared/schemas/requests.ts'
import { accountIdsOf } from '../account-names.ts'
import type { Api } from '../api.ts'
import type { CommandContext } from '../command-context.ts'
import { filesToSend } from '../files-to-send.ts'
import type { SentFile } from '../files-to-send.ts'
import { describeImport } from '../import-text.ts'
import { UsageError } from '../surroundings.ts'
import { targetIdOf } from '../target-names.ts'
import { largeFrom, sendLargeFile } from '../send-large-file.ts'
import { multipartBody } from '../upload-body.ts'
import { watchRun } from '../watch-run.ts'

type StartOptions = { target?: string; types?: string[]; option: Record<string, unknown>; follow?: boolean }

/** `intake start KIND FILE…` */
export function addStart(program: Command, { surroundings, act }: CommandContext): void {
  program
    .command('start')
    .description('upload files and start an import')
    .argument('<kind>', 'what to do with them, for instance restore', parseKind)
    .argument('<file...>', 'the files, or folders of them')
    .option('--target <id or name>', 'the database that they go to (needed where there are several)')
    .addOption(
      new Option('--option <name=value>', 'an option of the import, for instance mode=keep_going, or accounts=NAME,NAME; may be repeated')
        .argParser(addOption)
        .default({}, 'none'),
    )
    .addOption(new Option('--types <types...>', 'what is taken over from 1C, the primary one first').choices(commerceTypes))
    .option('--follow', 'watch it to its end')
    .action(async (kind: string, named: string[], { target, types, option, follow = false }: StartOptions, command: Command) => {
      await act(command, async ({ api, json, printer }) => {
        // Looked at first: a name that is wrong is told before anybody logs in.
        const files = await filesToSend(named, { folders: kind !== 'restore' })
        const fields = await fieldsOf(api, kind, target, types ? { ...option, types } : option)
        const body = multipartBody(fields, files, await sendLarge(api, files, surroundings.interrupted))
        const answer = await api.post<StartAnswer>(paths.imports, { body, headers: { 'Idempotency-Key': randomUUID() } })
        const words = answer.outcome === 'joined' ? 'This is already under way; joined it.' : 'Started.'
        printer.result(json && !follow ? answer : { start: answer }, () => `${words}\n${describeImport(answer.import)}`)
        if (!follow) return undefined
        return await watchRun({ api, json, importId: answer.import.id, token: answer.watch.token }, surroundings)
      })
    })
}

function parseKind(text: string): string {
  if (!importKinds.some((kind) => kind === text)) throw new InvalidArgumentError(`It is one of ${importKinds.join(', ')}.`)
  return text
}

/** `name=value`: JSON where the value is JSON (true, 5, ["a"]), else text. */
export function addOption(text: string, options: Record<string, unknown>): Record<string, unknown> {
  const [, name, value] = /^([A-Za-z]\w*)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must look like name=value.')
  return { ...options, [name]: jsonOrText(value) }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function fieldsOf(api: Api, kind: string, target: string | undefined, options: Record<string, unknown>): Promise<Record<string, string>> {
  if (kind === 'bulk') return { kind, options: JSON.stringify(await withAccountIds(api, options)) }
  if (kind === 'commerce' && options['types'] === undefined)
    throw new UsageError(`Say what is taken over from 1C: --types ${commerceTypes.join(' ')}, or some of them`)
  const targetId = await targetIdOf(api, target)
  return { kind, ...(targetId !== null && { target: targetId }), options: JSON.stringify(options) }
}

/** Uploads the large ones of the files; answers the ids of their uploads by path. */
async function sendLarge(api: Api, files: SentFile[], interrupted: AbortSignal): Promise<Map<string, string>> {
  const uploaded = new Map<string, string>()
  for (const sent of files) {
    if (sent.size > largeFrom && !uploaded.has(sent.file)) uploaded.set(sent.file, await sendLargeFile(api, sent, interrupted))
  }
  return uploaded
}

/** `--option accounts=a,b`: ids or names. */
async function withAccountIds(api: Api, options: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { accounts } = options
  const wanted = Array.isArray(accounts) ? accounts.map(String) : typeof accounts === 'string' ? accounts.split(',') : []
  const given = wanted.map((text) => text.trim()).filter(Boolean)
  if (given.length === 0) throw new UsageError('Say which accounts get the files: --option accounts=NAME,NAME')
  return { ...options, accounts: await accountIdsOf(api, given) }
}
