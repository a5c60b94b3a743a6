/** A name as SQL identifier, for SQLite and PostgreSQL alike. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteNames(names: string[]): string {
  return names.map(quoteName).join(', ')
}

/** The table of Intake's own in every target. */
export const checkpointTable = 'intake_checkpoint'
