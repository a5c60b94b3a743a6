import { Migration } from '@mikro-orm/migrations'

/** Who works on an import session and until when that is believed; the version of what a start wrote. */
export class Migration20261121Leases extends Migration {
  override up(): void {
    this.addSql(`alter table "import_session" add column "worker" text null`)
    this.addSql(`alter table "import_session" add column "leased_until" bigint null`)
    this.addSql(`alter table "import_session" add column "waiting_since" bigint null`)
    this.addSql(`alter table "import_session" add column "hold" jsonb null`)
    this.addSql(`alter table "import_session" add column "stalled" boolean not null default false`)
    this.addSql(`alter table "import_session" add column "version" int not null default 1`)
  }
}
