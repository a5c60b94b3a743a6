/** What text is when it is not a list of records: [pattern on its beginning, description]. The first that fits says it. */
const patterns: [RegExp, string][] = [
  [/^<\?xml[^]*<django-objects|^<django-objects/, 'a Django fixture in XML: dump it again as JSON'],
  [/^<!doctype html|^<html/i, 'an HTML page'],
  [/^<\?xml|^<[a-z_Ѐ-ӿ][\w:.-]*[\s>]/iu, 'an XML file'],
  [/^(---\s+)?- (model|pk|fields):/, 'a Django fixture in YAML: dump it again as JSON'],
  [
    /^(CommandError|Traceback \(most recent call last\)|Unable to serialize database|python3?: |usage: )/m,
    'an error message, not a dump: dumpdata failed when this file was made',
  ],
  [
    /^\s*\[\s*(\{|$)/m,
    'a list of records with other text before it: something was printed into the file when it was made; remove what stands before the first [',
  ],
  [/^(--|\/\*)[^]*(PostgreSQL|MySQL|MariaDB) (database )?dump/i, 'an SQL dump'],
  [
    /^(--|\/\*[!M]?|#)?[^]{0,400}?\b(create (table|database|schema)|insert into|pragma foreign_keys|begin transaction|drop table|set names|copy \S+ \()/i,
    'an SQL dump',
  ],
  [/^#!/, 'a script'],
  [/^-----BEGIN /, 'a key or a certificate'],
]

/** A phrase for text that begins with neither `[` nor `{`. */
export function describeText(text: string, name: string): string {
  const start = text.trimStart()
  const known = patterns.find(([pattern]) => pattern.test(start))
  if (known) return known[1]
  if (/\.(csv|tsv)$/i.test(name) || looksTabular(start)) return 'a table as text (CSV)'
  return 'text that is not JSON'
}

function looksTabular(text: string): boolean {
  const lines = text.split(/\r?\n/, 4).slice(0, 3)
  const separators = [',', ';', '\t'] as const
  return (
    lines.length === 3 &&
    separators.some((separator) =>
      lines.every((line) => line.split(separator).length > 2 && line.split(separator).length === lines[0]!.split(separator).length),
    )
  )
}
