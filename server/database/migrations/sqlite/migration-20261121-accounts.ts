import { Migration } from '@mikro-orm/migrations'

/** Where bulk uploads deliver. */
export class Migration20261121Accounts extends Migration {
  override up(): void {
    this.addSql(`create table "account" (
      "id" text not null primary key,
      "name" text not null,
      "driver" text not null,
      "address" json not null,
      "secrets" text not null,
      "limits" json not null,
      "created_at" bigint not null
    )`)
    this.addSql(`create unique index "account_name_unique" on "account" ("name")`)
  }
}
