/** Names of rooms. Made here alone, from what the server knows; a client's text never becomes one. */
export const rooms = {
  import: (importId: string) => `import:${importId}`,
  history: 'history',
  user: (userId: string) => `user:${userId}`,
  login: (loginId: string) => `login:${loginId}`,
  token: (tokenId: string) => `token:${tokenId}`,
} as const
