// Plain JavaScript that any Node reads, since an older one cannot even read a .ts file to say that it is too old.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Runs a TypeScript file under Node 24, with the arguments given: in this process when it is one, else in the Node 24 that was installed with the
 * project. npm links that one as `node` for scripts, but npm 10 takes the link away again when it leaves out the packages of other platforms.
 */
export async function runUnderNode24(url, args) {
  const path = fileURLToPath(url)
  if (Number(process.versions.node.split('.')[0]) >= 24) {
    process.argv = [process.execPath, path, ...args]
    await import(url.href)
    return
  }
  const node = installedNode()
  if (node === null) {
    console.error(
      `Intake runs on Node 24, this is Node ${process.versions.node}, and no Node 24 came along for ${process.platform} on ${process.arch}.`,
    )
    console.error('Run `npm ci` without --omit=optional, or install Node 24.')
    process.exitCode = 1
    return
  }
  forward(spawn(node, [path, ...args], { stdio: 'inherit' }))
}

/** Path of the Node 24 in node_modules, or null. */
function installedNode() {
  const { resolve } = createRequire(import.meta.url)
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  for (const name of [`node-${platform}`, `node-bin-${platform}`]) {
    try {
      return resolve(`${name}/bin/${process.platform === 'win32' ? 'node.exe' : 'node'}`)
    } catch {
      // Not this name: only one of them is installed, or none.
    }
  }
  return null
}

/** Gives signals to the child and takes its end for ours. */
function forward(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
