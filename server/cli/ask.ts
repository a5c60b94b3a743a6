import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Asks at a terminal. With `hidden` what is typed is not shown. Throws an AbortError at Ctrl-C or the end of the input. */
export async function askPerson(question: string, hidden: boolean, input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<string> {
  if (hidden) output.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const ended = new AbortController()
  const lines = createInterface({ input, output: hidden ? silent : output, terminal: true })
  lines.once('SIGINT', () => ended.abort())
  lines.once('close', () => ended.abort())
  try {
    return await lines.question(hidden ? '' : question, { signal: ended.signal })
  } finally {
    lines.close()
    if (hidden) output.write('\n')
  }
}
