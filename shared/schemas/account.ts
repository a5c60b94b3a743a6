import { z } from 'zod'

/** Accounts of bulk uploads as clients send them. What is secret stands apart from what is shown. A part that is not known is refused, so that a misspelt one can't be silently without effect. */
const name = z.string().trim().min(1).max(100)
const host = z.string().trim().min(1).max(253)
const text = z.string().min(1).max(4000)
const webUrl = z.url({ protocol: /^https?$/, error: 'it begins with https:// or http://' }).max(2000)
const folder = z.string().trim().max(500)
const readBack = z.boolean().describe('read a delivered file back to compare its checksum, where the protocol has none')
const headerName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'it has letters, digits and "-" alone')
const headers = z.record(
  headerName,
  z
    .string()
    .max(4000)
    .regex(/^[\t\x20-\x7e]*$/, 'it has printable ASCII characters alone'),
)

const directory = z.object({
  driver: z.literal('directory'),
  address: z.strictObject({ folder: folder.min(1).describe('a name under DATA_DIR/deliveries, or a path in a folder that DESTINATION_DIRS lists') }),
  secrets: z.strictObject({}).default({}),
})
const s3 = z.object({
  driver: z.literal('s3'),
  address: z.strictObject({
    endpoint: webUrl.optional().describe('of a store other than Amazon’s'),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/i)
      .default('us-east-1'),
    bucket: z.string().regex(/^[A-Za-z0-9._-]{1,255}$/),
    prefix: folder.default('').describe('begins the name of each object'),
    readBack: readBack.default(false),
  }),
  secrets: z.strictObject({ accessKeyId: text, secretAccessKey: text }),
})
const sftp = z.object({
  driver: z.literal('sftp'),
  address: z.strictObject({
    host,
    port: z.number().int().min(1).max(65_535).default(22),
    user: z.string().min(1).max(200),
    folder: folder.default('.'),
    hostKey: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'it looks like SHA256:… as ssh-keygen -l shows it')
      .optional()
      .describe('fingerprint of the server’s key; learned at the first test when it is not given'),
    readBack: readBack.default(true),
  }),
  secrets: z
    .strictObject({ password: text, privateKey: z.string().min(1).max(20_000), passphrase: text })
    .partial()
    .refine(({ password, privateKey }) => password !== undefined || privateKey !== undefined, 'a password or a private key is needed'),
})
const webdav = z.object({
  driver: z.literal('webdav'),
  address: z.strictObject({ url: webUrl, user: z.string().max(200).default(''), readBack: readBack.default(true) }),
  secrets: z.strictObject({ password: text }).partial().default({}),
})
const http = z.object({
  driver: z.literal('http'),
  address: z.strictObject({
    url: webUrl,
    method: z.enum(['PUT', 'POST']).default('PUT').describe('PUT to the address with the path behind it, or a multipart form by POST'),
    headers: headers.default({}),
  }),
  secrets: z
    .strictObject({ headers: headers.describe('headers that nobody sees again'), signingKey: text })
    .partial()
    .default({}),
})

/** What a driver connects by. */
export const accountPlace = z.discriminatedUnion('driver', [directory, s3, sftp, webdav, http])
export type AccountPlace = z.infer<typeof accountPlace>

const limits = z
  .strictObject({
    concurrency: z.number().int().min(1).max(64).describe('deliveries at the same time'),
    bytesPerSecond: z.number().int().min(1024).nullable(),
    maxBytes: z.number().int().min(1).nullable().describe('largest file that it takes'),
  })
  .partial()

export const accountBody = z.intersection(z.object({ name, limits: limits.optional() }), accountPlace)
/** Address and secrets come whole, or not at all: then the stored ones stay, the secrets as long as they go to the same server and user. */
export const accountPatch = z.object({
  name: name.optional(),
  limits: limits.optional(),
  address: z.record(z.string(), z.unknown()).optional(),
  secrets: z.record(z.string(), z.unknown()).optional(),
})
export type AccountDraft = z.infer<typeof accountBody>
export type AccountChange = z.infer<typeof accountPatch>
