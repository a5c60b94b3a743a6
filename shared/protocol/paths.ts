/** HTTP paths of the API, for clients. Ids are encoded here and nowhere else. */
const id = encodeURIComponent

export const paths = {
  login: '/api/login',
  logout: '/api/logout',
  me: '/api/me',
  imports: '/api/imports',
  import: (importId: string) => `/api/imports/${id(importId)}`,
  uploads: '/api/uploads',
  upload: (uploadId: string) => `/api/uploads/${id(uploadId)}`,
  uploadToken: (uploadId: string) => `/api/uploads/${id(uploadId)}/token`,
  events: (importId: string) => `/api/imports/${id(importId)}/events`,
  log: (importId: string) => `/api/imports/${id(importId)}/log`,
  rejected: (importId: string) => `/api/imports/${id(importId)}/rejected`,
  deliveries: (importId: string) => `/api/imports/${id(importId)}/deliveries`,
  cancel: (importId: string) => `/api/imports/${id(importId)}/cancel`,
  continue: (importId: string) => `/api/imports/${id(importId)}/continue`,
  retry: (importId: string) => `/api/imports/${id(importId)}/retry`,
  watchTokens: (importId: string) => `/api/imports/${id(importId)}/watch-tokens`,
  watchToken: (importId: string, tokenId: string) => `/api/imports/${id(importId)}/watch-tokens/${id(tokenId)}`,
  targets: '/api/targets',
  target: (targetId: string) => `/api/targets/${id(targetId)}`,
  targetTest: (targetId: string) => `/api/targets/${id(targetId)}/test`,
  tables: (targetId: string) => `/api/targets/${id(targetId)}/tables`,
  rows: (targetId: string, table: string) => `/api/targets/${id(targetId)}/tables/${id(table)}/rows`,
  catalog: (targetId: string) => `/api/targets/${id(targetId)}/catalog`,
  catalogProducts: (targetId: string) => `/api/targets/${id(targetId)}/catalog/products`,
  catalogProduct: (targetId: string, productId: string) => `/api/targets/${id(targetId)}/catalog/products/${id(productId)}`,
  catalogPicture: (targetId: string, productId: string, query: { source: string; path: string }) =>
    `/api/targets/${id(targetId)}/catalog/products/${id(productId)}/picture?source=${id(query.source)}&path=${id(query.path)}`,
  accounts: '/api/accounts',
  account: (accountId: string) => `/api/accounts/${id(accountId)}`,
  accountTest: (accountId: string) => `/api/accounts/${id(accountId)}/test`,
  trace: '/api/trace',
  users: '/api/users',
  user: (userId: string) => `/api/users/${id(userId)}`,
  samples: '/api/samples',
} as const

export const watchTokenHeader = 'X-Temp-Token'
/** Bears the token of one upload, in answers and in requests. */
export const uploadTokenHeader = 'Upload-Token'
export const loginCookie = 'intake_login'
export const watchCookie = 'intake_watch'

/** Where 1C exchanges, and its cookie. */
export const exchangePath = '/exchange/1c'
export const exchangeCookie = 'intake_exchange'
