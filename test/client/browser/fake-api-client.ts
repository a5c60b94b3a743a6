import type { Asked, Prepared } from '../../support/fake-api.ts'

/** Lays answers ready, and forgets what was asked before. */
export async function prepare(answers: Prepared[]): Promise<void> {
  await fetch('/fake/answers', { method: 'PUT', body: JSON.stringify(answers) })
}

/** What was asked since the last time. */
export async function asked(method: string, path: string): Promise<Asked[]> {
  const all = (await (await fetch('/fake/asked')).json()) as Asked[]
  return all.filter((each) => each.method === method && each.path === path)
}

/** Lets the answers go that are held. */
export async function release(): Promise<void> {
  await fetch('/fake/release')
}
