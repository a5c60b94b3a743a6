import type { Database } from '../database/database.ts'
import { UserEntity } from '../database/entities.ts'
import type { User } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { newSecret } from './secrets.ts'

/** Whether a login and a password are those of a user who may come in. */
export class PasswordCheck {
  readonly #database: Database
  #decoy: Promise<string> | undefined

  constructor(database: Database) {
    this.#database = database
  }

  /** Throws `login_failed`: an unknown login, a wrong password and a disabled user are told apart neither by the answer nor by its time. */
  async userOf(login: string, password: string): Promise<User> {
    const user = await this.#database.em().findOne(UserEntity, { login: login.toLowerCase() })
    this.#decoy ??= hashPassword(newSecret())
    const right = await verifyPassword(password, user?.passwordHash ?? (await this.#decoy))
    if (!user || !right || user.disabled) throw new AppError('login_failed', 'The login or the password is not right.')
    return user
  }
}
