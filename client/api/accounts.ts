import { paths } from '../../shared/protocol/paths.ts'
import type { AccountLimits, AccountTest, AccountView } from '../../shared/protocol/views.ts'
import { request } from './request.ts'

/** What an account connects by; its address as the driver wants it, and secrets that go in and never come out. */
export type PlaceDraft = { driver: AccountView['driver']; address: Record<string, unknown>; secrets: Record<string, unknown> }
export type AccountDraft = PlaceDraft & { name: string; limits: AccountLimits }
/** Left out is kept. Address and secrets come whole. */
export type AccountChange = Partial<Pick<AccountDraft, 'name' | 'limits' | 'address' | 'secrets'>>

export async function listAccounts(): Promise<AccountView[]> {
  return (await request<{ items: AccountView[] }>(paths.accounts)).items
}

/** Saves an account that works: the server tests it first, and throws what it found. */
export async function addAccount(draft: AccountDraft): Promise<AccountView> {
  return (await request<{ account: AccountView }>(paths.accounts, { method: 'POST', body: draft })).account
}

/** A new address, or new secrets, are tested before they are saved. */
export async function changeAccount(accountId: string, change: AccountChange): Promise<AccountView> {
  return (await request<{ account: AccountView }>(paths.account(accountId), { method: 'PATCH', body: change })).account
}

export async function removeAccount(accountId: string): Promise<void> {
  await request(paths.account(accountId), { method: 'DELETE' })
}

export async function testAccount(accountId: string): Promise<AccountTest> {
  return await request<AccountTest>(paths.accountTest(accountId), { method: 'POST' })
}

/** Tests what is not saved yet. */
export async function testPlace(place: PlaceDraft): Promise<AccountTest> {
  return await request<AccountTest>(`${paths.accounts}/test`, { method: 'POST', body: place })
}
