import { Migration } from '@mikro-orm/migrations'

/** Bulk uploads: the accounts of a run as they were at its start, and a row for each delivery. */
export class Migration20261121Bulk extends Migration {
  override up(): void {
    this.addSql(`create table "bulk_account" (
      "import_id" text not null,
      "account_id" text not null,
      "place" integer not null,
      "name" text not null,
      "driver" text not null,
      primary key ("import_id", "account_id")
    )`)
    this.addSql(`create table "bulk_delivery" (
      "import_id" text not null,
      "account_id" text not null,
      "file" integer not null,
      "state" text not null,
      "held" integer not null default 0,
      "attempts" integer not null default 0,
      "not_before" bigint null,
      "bytes" bigint not null default 0,
      "size" bigint not null,
      "input_key" text null,
      "input_sha256" text null,
      "path" text null,
      "short_id" text null,
      "mark" text null,
      "compared" text null,
      "error" text null,
      "changed_at" bigint not null,
      primary key ("import_id", "account_id", "file")
    )`)
    this.addSql(`create index "bulk_delivery_short_id" on "bulk_delivery" ("short_id")`)
    this.addSql(`create index "bulk_delivery_sha256" on "bulk_delivery" ("input_sha256")`)
    this.addSql(`create index "bulk_delivery_input" on "bulk_delivery" ("input_key")`)
  }
}
