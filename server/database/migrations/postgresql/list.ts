import { Migration20261121Accounts } from './migration-20261121-accounts.ts'
import { Migration20261121Bulk } from './migration-20261121-bulk.ts'
import { Migration20261121Exchange } from './migration-20261121-exchange.ts'
import { Migration20261121First } from './migration-20261121-first.ts'
import { Migration20261121Leases } from './migration-20261121-leases.ts'
import { Migration20261121Uploads } from './migration-20261121-uploads.ts'
import { Migration20261122Places } from './migration-20261122-places.ts'

/** In order. A migration that has landed is never changed. */
export const migrations = [
  { name: 'Migration20261121First', class: Migration20261121First },
  { name: 'Migration20261121Leases', class: Migration20261121Leases },
  { name: 'Migration20261121Exchange', class: Migration20261121Exchange },
  { name: 'Migration20261121Accounts', class: Migration20261121Accounts },
  { name: 'Migration20261121Bulk', class: Migration20261121Bulk },
  { name: 'Migration20261121Uploads', class: Migration20261121Uploads },
  { name: 'Migration20261122Places', class: Migration20261122Places },
]
