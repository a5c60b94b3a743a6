/** What a copy says of itself: enough to find who got it. Ids alone, no names. */
export type Mark = { importId: string; accountId: string; shortId: string }

const form = /intake:1;run=([\w-]{1,100});account=([\w-]{1,100});copy=([a-z0-9]{1,20});/

/** Characters that a mark has at most. */
export const longestMark = 300

/** As it stands in a file: plain ASCII, the same in every kind of file. */
export function markText({ importId, accountId, shortId }: Mark): string {
  const text = `intake:1;run=${importId};account=${accountId};copy=${shortId};`
  // An id with a ";" would make it say something else.
  if (form.exec(text)?.[0] !== text) throw new RangeError('an id that can’t stand in a mark')
  return text
}

/** All marks in a text, in their order: a copy that was uploaded again bears those of all its runs. */
export function marksIn(text: string): Mark[] {
  return Array.from(text.matchAll(new RegExp(form, 'g')), markOf)
}

/** The first mark in a text, or null. */
export function readMark(text: string): Mark | null {
  const found = form.exec(text)
  return found && markOf(found)
}

function markOf([, importId = '', accountId = '', shortId = '']: RegExpExecArray): Mark {
  return { importId, accountId, shortId }
}
