import { z } from 'zod'
import { createDocument } from 'zod-openapi'
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import { errorSchema } from '../../../shared/schemas/views.ts'
import { operations } from './operations.ts'
import type { Operation } from './operations.ts'

const schemes: Record<Operation['access'], Record<string, string[]>[]> = {
  anybody: [],
  login: [{ login: [] }],
  superuser: [{ login: [] }],
  uploader: [{ login: [] }, { uploadToken: [] }],
  watcher: [{ login: [] }, { watchToken: [] }, { watchCookie: [] }],
}

/** The OpenAPI 3.1 document of the API, made from the schemas that the routes parse by. */
export function openApiDocument(version: string): object {
  const paths: ZodOpenApiPathsObject = {}
  for (const operation of operations) {
    const path = `/api${operation.path}`
    paths[path] = { ...paths[path], [operation.method]: describe(operation) }
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Intake', version, description: 'Starting and watching imports. Live events come over Socket.IO: see docs/protocol.md.' },
    paths,
    components: {
      securitySchemes: {
        login: { type: 'apiKey', in: 'cookie', name: 'intake_login' },
        watchToken: { type: 'apiKey', in: 'header', name: 'X-Temp-Token' },
        uploadToken: { type: 'apiKey', in: 'header', name: 'Upload-Token' },
        watchCookie: { type: 'apiKey', in: 'cookie', name: 'intake_watch' },
      },
    },
  })
}

function describe(operation: Operation): ZodOpenApiOperationObject {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const path = z.object(Object.fromEntries(names.map((name) => [name, z.string()])))
  return {
    operationId: `${operation.method} ${operation.path}`.replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase()),
    summary: operation.summary,
    security: schemes[operation.access],
    requestParams: {
      ...(names.length > 0 && { path }),
      ...(operation.query && { query: operation.query }),
      ...(operation.headers && { header: operation.headers }),
    },
    ...(operation.body && {
      requestBody: { required: !operation.body.safeParse({}).success, content: { 'application/json': { schema: operation.body } } },
    }),
    ...(operation.bytes && {
      requestBody: { required: true, content: { 'application/offset+octet-stream': { schema: z.string().meta({ format: 'binary' }) } } },
    }),
    ...(operation.form && { requestBody: { required: true, content: { 'multipart/form-data': { schema: operation.form } } } }),
    responses: responses(operation),
  }
}

function responses({ answers }: Operation): ZodOpenApiResponsesObject {
  const result: ZodOpenApiResponsesObject = { default: { description: 'An error', content: { 'application/json': { schema: errorSchema } } } }
  for (const [status, answer] of Object.entries(answers)) {
    const key = status as `${1 | 2 | 3 | 4 | 5}${string}`
    if (answer === null) result[key] = { description: 'Done' }
    else if ('text' in answer)
      result[key] = { description: 'A stream', content: Object.fromEntries([answer.text].flat().map((type) => [type, { schema: z.string() }])) }
    else result[key] = { description: 'The answer', content: { 'application/json': { schema: answer } } }
  }
  return result
}
