import { paths } from '../../shared/protocol/paths.ts'
import type { MeView } from '../../shared/protocol/views.ts'
import { request } from './request.ts'

export async function logIn(login: string, password: string): Promise<MeView> {
  return await request<MeView>(paths.login, { method: 'POST', body: { login, password } })
}

export async function logOut(options: { everywhere?: boolean; stopWatching?: boolean }): Promise<void> {
  await request<undefined>(paths.logout, { method: 'POST', body: options })
}

/** Who is logged in, and until when. Asking does not make it longer. */
export async function getMe(): Promise<MeView> {
  return await request<MeView>(paths.me, { background: true })
}
