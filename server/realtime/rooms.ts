const importRoom = 'import:'

/** Names of rooms. Made here alone, from what the server knows; a client's text never becomes one. */
export const rooms = {
  import: (importId: string) => `${importRoom}${importId}`,
  history: 'history',
  user: (userId: string) => `user:${userId}`,
  login: (loginId: string) => `login:${loginId}`,
  token: (tokenId: string) => `token:${tokenId}`,
} as const

/** The import session whose room this is, or null. */
export function importOfRoom(room: string): string | null {
  return room.startsWith(importRoom) ? room.slice(importRoom.length) : null
}
