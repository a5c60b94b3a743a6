import { paths } from '../../shared/protocol/paths.ts'
import type { ExchangeSettingsView, Role, UserView } from '../../shared/protocol/views.ts'
import { request } from './request.ts'

export type UserDraft = { login: string; name?: string; role: Role; password: string; exchange?: ExchangeSettingsView }
export type UserChange = { name?: string; role?: Role; disabled?: boolean; password?: string; exchange?: ExchangeSettingsView }

export async function listUsers(): Promise<UserView[]> {
  return (await request<{ items: UserView[] }>(paths.users)).items
}

export async function addUser(draft: UserDraft): Promise<UserView> {
  return (await request<{ user: UserView }>(paths.users, { method: 'POST', body: draft })).user
}

export async function changeUser(userId: string, change: UserChange): Promise<UserView> {
  return (await request<{ user: UserView }>(paths.user(userId), { method: 'PATCH', body: change })).user
}
