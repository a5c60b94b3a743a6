/** An answer to 1C: lines of plain text, the first of which is one lower-case word. */
export type Reply = { body: string; type?: string; status?: number; headers?: Record<string, string> }

export function reply(word: 'success' | 'failure' | 'progress', ...lines: string[]): Reply {
  return { body: [word, ...lines].join('\n') }
}

/**
 * No orders: the root without a Документ. It begins with the declaration and bears no byte order mark, because 1C takes a body that begins so for orders.
 */
export function noOrders(now: Date): Reply {
  const moment = now.toISOString().slice(0, 19)
  const root = `<КоммерческаяИнформация ВерсияСхемы="2.08" ДатаФормирования="${moment}"/>`
  return { body: `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`, type: 'text/xml; charset=utf-8' }
}
