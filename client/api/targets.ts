import { paths } from '../../shared/protocol/paths.ts'
import type { RowsPage, TableView, TargetTest, TargetView } from '../../shared/protocol/views.ts'
import { request } from './request.ts'

export type TargetDraft = { name: string; url: string }

export async function listTargets(): Promise<TargetView[]> {
  return (await request<{ items: TargetView[] }>(paths.targets)).items
}

export async function addTarget(draft: TargetDraft): Promise<TargetView> {
  return (await request<{ target: TargetView }>(paths.targets, { method: 'POST', body: draft })).target
}

export async function changeTarget(targetId: string, change: Partial<TargetDraft>): Promise<TargetView> {
  return (await request<{ target: TargetView }>(paths.target(targetId), { method: 'PATCH', body: change })).target
}

export async function removeTarget(targetId: string): Promise<void> {
  await request(paths.target(targetId), { method: 'DELETE' })
}

/** Tests a database that is saved. */
export async function testTarget(targetId: string): Promise<TargetTest> {
  return await request<TargetTest>(paths.targetTest(targetId), { method: 'POST' })
}

/** Tests an address before it is saved. */
export async function testUrl(url: string): Promise<TargetTest> {
  return await request<TargetTest>(`${paths.targets}/test`, { method: 'POST', body: { url } })
}

export async function listTables(targetId: string): Promise<TableView[]> {
  return (await request<{ items: TableView[] }>(paths.tables(targetId))).items
}

export async function getRows(targetId: string, table: string, page: number, limit: number): Promise<RowsPage> {
  return await request<RowsPage>(paths.rows(targetId, table), { query: { page, limit } })
}
