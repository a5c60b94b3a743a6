/** A Django fixture of so many records in one table, as `dumpdata` writes it. The text of each is as long as asked for. */
export function fixtureOf(records: number, textLength = 40): string {
  const pieces: string[] = []
  for (let pk = 1; pk <= records; pk++) {
    pieces.push(
      JSON.stringify({
        model: 'shop.item',
        pk,
        fields: { name: `item ${pk} `.padEnd(textLength, 'x'), price: `${pk % 1000}.50`, active: pk % 2 === 0 },
      }),
    )
  }
  return `[\n${pieces.join(',\n')}\n]\n`
}
