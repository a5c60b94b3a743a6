import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '../errors.ts'

/** Seals secrets for storage: AES-256-GCM under a key derived from `SECRET_KEY` or the key file. */
export type Sealer = { seal(secret: string): string; unseal(sealed: string): string }

export function createSealer(secretKey: string): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secretKey, 'intake', 'stored passwords', 32))
  return {
    seal: (secret) => {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return `v1.${[nonce, cipher.getAuthTag(), body].map((part) => part.toString('base64url')).join('.')}`
    },
    unseal: (sealed) => {
      const [version, ...parts] = sealed.split('.')
      const [nonce, tag, body] = parts.map((part) => Buffer.from(part, 'base64url'))
      try {
        if (version !== 'v1' || !nonce || !tag || !body) throw new Error('unknown form')
        const decipher = createDecipheriv('aes-256-gcm', key, nonce)
        decipher.setAuthTag(tag)
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new AppError(
          'target_refused',
          'The stored password of this database can’t be read with the present SECRET_KEY. Enter the password again.',
          { cause },
        )
      }
    },
  }
}
