import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logSpans } from '../../client/log/log-spans.ts'

const esc = '\u001B'
const shown = (message: string): string =>
  logSpans(message)
    .map(({ text }) => text)
    .join('')

describe('a log line on the page', () => {
  it('keeps the colours of a terminal', () => {
    expect(logSpans(`${esc}[1;31mfailed${esc}[0m as said`)).toEqual([
      { text: 'failed', classes: 'font-semibold ansi-red', named: false },
      { text: ' as said', classes: '', named: false },
    ])
  })

  it.each([
    ['clears the screen', `${esc}[2Jtext`, 'text'],
    ['sets the title of the window', `${esc}]0;owned\u0007text`, 'text'],
    ['hides a link behind a text', `${esc}]8;;https://evil.example${esc}\\text${esc}]8;;${esc}\\`, 'text'],
    ['begins a command and never ends it', `text${esc}]1337;File=inline=1:AAAA`, 'text'],
    ['moves the cursor', `te${esc}[10;10Hxt${esc}[?25l`, 'text'],
  ])('takes no notice of what %s', (_what, message, text) => {
    expect(shown(message)).toBe(text)
  })

  it('names what would act instead of showing', () => {
    const spans = logSpans('a\u202Egpj\u0007\r\n')
    expect(spans.map(({ text }) => text)).toEqual(['a', 'U+202E', 'gpj', '␇', '␍', '␊'])
    expect(spans.filter(({ named }) => named)).toHaveLength(4)
  })

  it('leaves tags alone: they are text', () => {
    expect(shown('<img src=x onerror=alert(1)>&amp;')).toBe('<img src=x onerror=alert(1)>&amp;')
  })

  it('never lets a control or a directional override through', () => {
    const acting = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\u200E\u200F]/
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(esc, `${esc}[31m`, `${esc}[`, `${esc}]`, '\u0007', '\u009B31m', '\u202E', 'text'),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(shown(pieces.join(''))).not.toMatch(acting)
      }),
    )
  })

  it('comes to an end with lines that are made to be slow', () => {
    for (const piece of [`${esc}]`, `${esc}[0;`, `${esc}[31m`, '\u202E']) expect(shown(piece.repeat(200_000))).not.toContain(esc)
  })
})
