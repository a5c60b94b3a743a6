import Anser from 'anser'
import { dropTerminalCommands, nameActing } from './visible-text.ts'

/** A piece of a log line with the classes of its colours; `named` for a control character that is shown by its name. */
export type LogSpan = { text: string; classes: string; named: boolean }

const decorations: Record<string, string> = {
  bold: 'font-semibold',
  dim: 'opacity-70',
  italic: 'italic',
  underline: 'underline',
  strikethrough: 'line-through',
}
// The sixteen colours by name; others would not be safe to read on our background.
const colour = /^ansi-(?:bright-)?(?:black|red|green|yellow|blue|magenta|cyan|white)$/

/** A log line as pieces to be shown as text nodes. Colours are kept, everything else that a terminal would obey is not. */
export function logSpans(message: string): LogSpan[] {
  const text = dropTerminalCommands(message)
  const pieces = text.includes('\u001B')
    ? Anser.ansiToJson(text, { json: true, use_classes: true, remove_empty: true }).map(({ content, fg, decorations }) => ({
        content,
        classes: classesOf(fg, decorations),
      }))
    : [{ content: text, classes: '' }]
  return pieces.flatMap(({ content, classes }) => nameActing(content).map((part) => ({ ...part, classes })))
}

function classesOf(foreground: string | null, decorated: readonly string[]): string {
  const classes = decorated.map((name) => decorations[name] ?? '')
  if (foreground && colour.test(foreground)) classes.push(foreground)
  return classes.filter((name) => name !== '').join(' ')
}
