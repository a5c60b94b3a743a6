import { readdir } from 'node:fs/promises'

/** `npm run bench -- NAME [ARGUMENTS]`: a measured comparison of bench/NAME.ts, by hand. */
async function main(): Promise<void> {
  const [name, ...args] = process.argv.slice(2)
  const names = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.ts') && file !== 'main.ts').map((file) => file.slice(0, -3))
  if (!name || !names.includes(name)) {
    console.error(`npm run bench -- NAME, where NAME is one of: ${names.join(', ')}`)
    process.exitCode = 2
    return
  }
  const { run } = (await import(`./${name}.ts`)) as { run: (args: string[]) => Promise<void> }
  await run(args)
}

await main()
