import type { Finding, Import, Source } from './source.ts'

/** "Direction" of ARCHITECTURE.md as one line, left to right: a room imports itself and the rooms before it. A start gives a watch token: `auth` is before `sessions`. */
const rooms = [
  ['shared', 'errors', 'config', 'logging', 'redis'],
  ['database', 'locks', 'storage', 'targets', 'destinations'],
  ['jobs', 'realtime', 'importers', 'auth', 'sessions', 'http', 'cli', 'app', 'main'],
].flat()

/** The rooms of the client, and which of them may call (not only take types from) the ones that talk to the server. */
const callersOfServer = ['api', 'realtime', 'stores']

/** Room of a file: one of `rooms`, `client`, `outside` for what is neither, or a name of no room. */
function roomOf(path: string): string {
  const [top = '', next = ''] = path.split('/')
  if (top === 'shared' || top === 'client') return top
  if (top !== 'server') return path === 'package.json' ? 'shared' : 'outside'
  if (path === 'server/cli/main.ts') return 'main'
  return next.replace(/\.ts$/, '')
}

/** Imports that go from left to right, out of the house, or past a store. */
export function wrongArrows(sources: Source[]): Finding[] {
  return sources.flatMap((source) => {
    const room = roomOf(source.path)
    if (room === 'outside') return []
    if (room !== 'client' && !rooms.includes(room)) return [{ path: source.path, line: 1, text: `"${room}" is no room of the server` }]
    return source.imports.flatMap((found) => {
      const text = wrongArrow(source.path, room, found)
      return text ? [{ path: source.path, line: found.line, text }] : []
    })
  })
}

function wrongArrow(from: string, room: string, found: Import): string | null {
  if (found.path === null) return wrongPackage(from, room, found)
  const to = roomOf(found.path)
  if (to === 'outside') return `${room} imports ${found.path}, which is not part of the product`
  if (room === 'client') return to === 'client' ? wrongClientArrow(from, found) : to === 'shared' ? null : `client imports ${found.path}`
  if (to === 'client' || rooms.indexOf(to) > rooms.indexOf(room)) return `${room} imports ${to}, which is not to its left`
  if (room === 'importers' && to === 'importers') return strangers(from, found.path)
  return null
}

function wrongPackage(from: string, room: string, found: Import): string | null {
  if (room === 'shared' && found.specifier !== 'zod') return `shared imports ${found.specifier}`
  if (from.startsWith('client/realtime/') && /^(vue|pinia|vue-\w+|@vue\/.*|@nuxt\/.*)$/.test(found.specifier))
    return `client/realtime imports ${found.specifier}`
  return null
}

function wrongClientArrow(from: string, found: Import): string | null {
  const [, room = ''] = from.split('/')
  const [, to = '', file] = found.path?.split('/') ?? []
  if (found.typeOnly || file === undefined || room === to) return null
  if (room === 'components' && ['stores', 'pages'].includes(to)) return `a component imports ${found.path}`
  if (from.split('/').length === 2 || !['api', 'realtime'].includes(to)) return null
  return callersOfServer.includes(room) ? null : `client/${room} imports ${found.path}: only stores call api and realtime`
}

/** Importers know nothing of each other; what they share stands beside their folders. */
function strangers(from: string, to: string): string | null {
  const [, , mine, inMine] = from.split('/')
  const [, , theirs, inTheirs] = to.split('/')
  return inMine && inTheirs && mine !== theirs ? `importer ${mine} imports importer ${theirs}` : null
}
