import { secretSettings, settings } from './settings.ts'

const width = 100

/** The text of `.env.example`: each setting with its sentence and its default, left out until somebody takes away the `#`. */
export function envExample(): string {
  const entries = Object.entries(settings.shape).map(([name, schema]) => {
    const standard: unknown = schema.safeParse(undefined).data
    const shown = typeof standard === 'string' || typeof standard === 'number' || typeof standard === 'boolean' ? String(standard) : ''
    const secret = (secretSettings as readonly string[]).includes(name) ? ` Or ${name}_FILE, the path of a file that holds it.` : ''
    return `${commented(`${schema.description ?? ''}${secret}`)}\n#${name}=${shown}\n`
  })
  return `# Every setting of Intake, with its default. Copy this file to .env, or set the same names in the environment.\n\n${entries.join('\n')}`
}

function commented(text: string): string {
  const lines = ['#']
  for (const word of text.split(' ')) {
    if ((lines.at(-1) ?? '').length + word.length + 1 > width) lines.push('#')
    lines.push(`${lines.pop()} ${word}`)
  }
  return lines.join('\n')
}
