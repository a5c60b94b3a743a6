import { z } from 'zod'
import { accountBody, accountPatch, accountPlace } from '../../../shared/schemas/account.ts'
import { bulkOptions } from '../../../shared/schemas/bulk-options.ts'
import { catalogQuery, pictureQuery, productsQuery } from '../../../shared/schemas/catalog-requests.ts'
import { catalogItemSchema, catalogProductsSchema, catalogSchema } from '../../../shared/schemas/catalog-views.ts'
import { commerceOptions } from '../../../shared/schemas/commerce-options.ts'
import { restoreOptions } from '../../../shared/schemas/restore-options.ts'
import {
  deliveriesQuery,
  eventsQuery,
  historyQuery,
  importKinds,
  logQuery,
  loginBody,
  logoutBody,
  rejectedQuery,
  retryBody,
  rowsQuery,
  targetBody,
  targetPatch,
  userBody,
  userPatch,
} from '../../../shared/schemas/requests.ts'
import {
  accountSchema,
  accountTestSchema,
  deliveriesSchema,
  eventPageSchema,
  grantSchema,
  historySchema,
  importSchema,
  meSchema,
  rowsSchema,
  startAnswerSchema,
  tableSchema,
  targetSchema,
  targetTestSchema,
  traceSchema,
  userSchema,
  watchTokenSchema,
} from '../../../shared/schemas/views.ts'

/** One operation of the API. `text` answers are streams of media types other than JSON. */
export type Operation = {
  method: 'get' | 'post' | 'patch' | 'delete' | 'head'
  path: string
  summary: string
  access: 'anybody' | 'login' | 'superuser' | 'watcher' | 'uploader'
  query?: z.ZodObject
  body?: z.ZodType
  form?: z.ZodType
  headers?: z.ZodObject
  /** The body is bytes of a file. */
  bytes?: boolean
  answers: Record<number, z.ZodType | { text: string | string[] } | null>
}

const oneImport = z.object({ import: importSchema })
const items = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) })
const file = z.string().meta({ format: 'binary' })
const startForm = z.object({
  kind: z.enum(importKinds),
  target: z.string().optional().describe('of kinds that write to a database'),
  options: z.union([restoreOptions.partial(), commerceOptions.partial(), bulkOptions.partial()]).optional().describe('JSON text, by kind'),
  file: z.array(file).optional(),
  upload: z.array(z.string()).optional().describe('ids of files that were uploaded before; all files of a start keep the order of the form'),
})
const tus = z.object({ 'Tus-Resumable': z.literal('1.0.0') })
const sample = z.object({ id: z.string(), kind: z.enum(importKinds), name: z.string(), description: z.string(), size: z.number() })

/** Every operation under /api, with the schemas that its route parses by. */
export const operations: Operation[] = [
  { method: 'post', path: '/login', summary: 'Log in; sets the login cookie', access: 'anybody', body: loginBody, answers: { 200: meSchema } },
  {
    method: 'post',
    path: '/logout',
    summary: 'Log out; watch tokens live on unless stopWatching',
    access: 'login',
    body: logoutBody,
    answers: { 204: null },
  },
  { method: 'get', path: '/me', summary: 'Who is logged in, and until when', access: 'login', answers: { 200: meSchema } },
  {
    method: 'post',
    path: '/uploads',
    summary: 'Begin an upload that can be interrupted (tus 1.0.0); Location and Upload-Token answer',
    access: 'login',
    headers: tus.extend({
      'Upload-Length': z.number().describe('bytes'),
      'Upload-Metadata': z.string().optional().describe('filename, relativePath, sha256 (hex): key and Base64 of the value, with commas between'),
    }),
    answers: { 201: null },
  },
  { method: 'head', path: '/uploads/{id}', summary: 'How far an upload is: Upload-Offset', access: 'uploader', headers: tus, answers: { 200: null } },
  {
    method: 'patch',
    path: '/uploads/{id}',
    summary: 'Go on with an upload',
    access: 'uploader',
    headers: tus.extend({ 'Upload-Offset': z.number().describe('bytes') }),
    bytes: true,
    answers: { 204: null },
  },
  {
    method: 'delete',
    path: '/uploads/{id}',
    summary: 'Remove an upload that no run has taken',
    access: 'uploader',
    headers: tus,
    answers: { 204: null },
  },
  {
    method: 'post',
    path: '/uploads/{id}/token',
    summary: 'Another token to go on with an upload; the one before ends',
    access: 'login',
    answers: { 201: grantSchema },
  },
  {
    method: 'post',
    path: '/imports',
    summary: 'Upload and start an import, or join the same one that runs',
    access: 'login',
    headers: z.object({ 'Idempotency-Key': z.string().optional().describe('the same for each try of one start: what it began is joined') }),
    form: startForm,
    answers: { 200: startAnswerSchema, 201: startAnswerSchema },
  },
  { method: 'get', path: '/imports', summary: 'The history', access: 'login', query: historyQuery, answers: { 200: historySchema } },
  { method: 'get', path: '/imports/{id}', summary: 'One import session', access: 'watcher', answers: { 200: oneImport } },
  {
    method: 'get',
    path: '/imports/{id}/events',
    summary: 'A page of its log',
    access: 'watcher',
    query: eventsQuery,
    answers: { 200: eventPageSchema },
  },
  {
    method: 'get',
    path: '/imports/{id}/log',
    summary: 'The log as text; follow=1 streams while the run goes on',
    access: 'watcher',
    query: logQuery,
    answers: { 200: { text: 'text/plain' } },
  },
  {
    method: 'get',
    path: '/imports/{id}/rejected',
    summary: 'The rejected records with reasons',
    access: 'watcher',
    query: rejectedQuery,
    answers: { 200: { text: ['application/x-ndjson', 'text/csv'] } },
  },
  {
    method: 'get',
    path: '/imports/{id}/deliveries',
    summary: 'A page of the deliveries of a bulk upload',
    access: 'watcher',
    query: deliveriesQuery,
    answers: { 200: deliveriesSchema },
  },
  { method: 'post', path: '/imports/{id}/cancel', summary: 'Ask a run to stop', access: 'login', answers: { 200: oneImport } },
  {
    method: 'post',
    path: '/imports/{id}/continue',
    summary: 'Let a run that waits for a person go on',
    access: 'login',
    answers: { 200: oneImport },
  },
  {
    method: 'post',
    path: '/imports/{id}/retry',
    summary: 'Another attempt of a run that ended',
    access: 'login',
    body: retryBody,
    answers: { 200: oneImport },
  },
  { method: 'post', path: '/imports/{id}/watch-tokens', summary: 'Issue a watch token', access: 'login', answers: { 201: grantSchema } },
  {
    method: 'get',
    path: '/imports/{id}/watch-tokens',
    summary: 'Who may watch; never the secrets',
    access: 'login',
    answers: { 200: items(watchTokenSchema) },
  },
  { method: 'delete', path: '/imports/{id}/watch-tokens', summary: 'Revoke all watch tokens', access: 'login', answers: { 204: null } },
  { method: 'delete', path: '/imports/{id}/watch-tokens/{tokenId}', summary: 'Revoke one watch token', access: 'login', answers: { 204: null } },
  { method: 'get', path: '/targets', summary: 'The databases', access: 'login', answers: { 200: items(targetSchema) } },
  {
    method: 'post',
    path: '/targets',
    summary: 'Add a database that answers',
    access: 'login',
    body: targetBody,
    answers: { 201: z.object({ target: targetSchema }) },
  },
  {
    method: 'post',
    path: '/targets/test',
    summary: 'Test an address',
    access: 'login',
    body: targetBody.pick({ url: true }),
    answers: { 200: targetTestSchema },
  },
  { method: 'get', path: '/targets/{id}', summary: 'One database', access: 'login', answers: { 200: z.object({ target: targetSchema }) } },
  {
    method: 'patch',
    path: '/targets/{id}',
    summary: 'Change a database',
    access: 'login',
    body: targetPatch,
    answers: { 200: z.object({ target: targetSchema }) },
  },
  { method: 'delete', path: '/targets/{id}', summary: 'Forget a database; what is in it stays', access: 'login', answers: { 204: null } },
  { method: 'post', path: '/targets/{id}/test', summary: 'Test a database', access: 'login', answers: { 200: targetTestSchema } },
  { method: 'get', path: '/targets/{id}/tables', summary: 'Its tables', access: 'login', answers: { 200: items(tableSchema) } },
  {
    method: 'get',
    path: '/targets/{id}/tables/{table}/rows',
    summary: 'A page of rows',
    access: 'login',
    query: rowsQuery,
    answers: { 200: rowsSchema },
  },
  {
    method: 'get',
    path: '/targets/{id}/catalog',
    summary: 'What was taken over from 1C: the sources, and the groups of one',
    access: 'login',
    query: catalogQuery.partial(),
    answers: { 200: catalogSchema },
  },
  {
    method: 'get',
    path: '/targets/{id}/catalog/products',
    summary: 'A page of the products of a group, or of all; with q of those that have its words in name, article, barcode or id',
    access: 'login',
    query: productsQuery,
    answers: { 200: catalogProductsSchema },
  },
  {
    method: 'get',
    path: '/targets/{id}/catalog/products/{product}',
    summary: 'A product with its offers, prices and stocks',
    access: 'login',
    query: catalogQuery,
    answers: { 200: z.object({ product: catalogItemSchema }) },
  },
  {
    method: 'get',
    path: '/targets/{id}/catalog/products/{product}/picture',
    summary: 'A picture of a product, as long as the files of its run are kept',
    access: 'login',
    query: pictureQuery,
    answers: { 200: { text: 'image/*' } },
  },
  { method: 'get', path: '/accounts', summary: 'Where bulk uploads deliver', access: 'login', answers: { 200: items(accountSchema) } },
  {
    method: 'post',
    path: '/accounts',
    summary: 'Add an account that works',
    access: 'login',
    body: accountBody,
    answers: { 201: z.object({ account: accountSchema }) },
  },
  {
    method: 'post',
    path: '/accounts/test',
    summary: 'Test one before it is saved',
    access: 'login',
    body: accountPlace,
    answers: { 200: accountTestSchema },
  },
  { method: 'get', path: '/accounts/{id}', summary: 'One account', access: 'login', answers: { 200: z.object({ account: accountSchema }) } },
  {
    method: 'patch',
    path: '/accounts/{id}',
    summary: 'Change an account; a new address is tested first',
    access: 'login',
    body: accountPatch,
    answers: { 200: z.object({ account: accountSchema }) },
  },
  { method: 'delete', path: '/accounts/{id}', summary: 'Forget an account; what was delivered stays', access: 'login', answers: { 204: null } },
  { method: 'post', path: '/accounts/{id}/test', summary: 'Test an account', access: 'login', answers: { 200: accountTestSchema } },
  {
    method: 'post',
    path: '/trace',
    summary: 'Whose copy of a bulk upload a file is',
    access: 'login',
    form: z.object({ file }),
    answers: { 200: traceSchema },
  },
  { method: 'get', path: '/users', summary: 'The users', access: 'superuser', answers: { 200: items(userSchema) } },
  { method: 'post', path: '/users', summary: 'Add a user', access: 'superuser', body: userBody, answers: { 201: z.object({ user: userSchema }) } },
  {
    method: 'patch',
    path: '/users/{id}',
    summary: 'Change a user',
    access: 'superuser',
    body: userPatch,
    answers: { 200: z.object({ user: userSchema }) },
  },
  { method: 'get', path: '/samples', summary: 'Small files for a first try', access: 'login', answers: { 200: items(sample) } },
  { method: 'get', path: '/samples/{id}', summary: 'One of them', access: 'login', answers: { 200: { text: 'application/octet-stream' } } },
]
