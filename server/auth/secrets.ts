import { createHash, randomBytes } from 'node:crypto'

/** 32 random bytes as base64url: a login cookie or a watch token. */
export const newSecret = (): string => randomBytes(32).toString('base64url')

/** 12 random bytes as base64url: the changing part of an id. Not a secret. */
export const newId = (): string => randomBytes(12).toString('base64url')

/** What is stored of a secret. 256 random bits need no slow hash, and a look-up by hash leaks nothing by its time. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** Whether a text has the form of one of our secrets; anything else is not looked up at all. */
export const isSecret = (text: string): boolean => /^[\w-]{43}$/.test(text)
