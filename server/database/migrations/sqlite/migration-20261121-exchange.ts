import { Migration } from '@mikro-orm/migrations'

/** What 1C may bring and where it goes; its exchanges, and the pieces of files that it has sent so far. */
export class Migration20261121Exchange extends Migration {
  override up(): void {
    this.addSql(`create table "exchange_settings" (
      "user_id" text not null,
      "target_id" text not null,
      "types" json not null,
      "source" text not null,
      "deactivate" integer not null,
      primary key ("user_id")
    )`)
    this.addSql(`create table "exchange_login" (
      "id" text not null,
      "token_hash" text not null,
      "user_id" text not null,
      "created_at" bigint not null,
      "seen_at" bigint not null,
      "begun" integer not null,
      "version" text null,
      primary key ("id")
    )`)
    this.addSql(`create unique index "exchange_login_token_hash_unique" on "exchange_login" ("token_hash")`)
    this.addSql(`create index "exchange_login_user_id_index" on "exchange_login" ("user_id")`)
    this.addSql(`create table "exchange_cycle" (
      "import_id" text not null,
      "user_id" text not null,
      "login_id" text not null,
      "type" text not null,
      "pieces" integer not null,
      "bytes" bigint not null,
      "closed" integer not null,
      "result_id" text null,
      "created_at" bigint not null,
      "seen_at" bigint not null,
      primary key ("import_id")
    )`)
    this.addSql(`create index "exchange_cycle_user_id_index" on "exchange_cycle" ("user_id")`)
    this.addSql(`create index "exchange_cycle_login_id_index" on "exchange_cycle" ("login_id")`)
    this.addSql(`create table "exchange_piece" (
      "import_id" text not null,
      "piece" integer not null,
      "name" text not null,
      "kind" text not null,
      "key" text not null,
      "size" bigint not null,
      "sha256" text not null,
      primary key ("import_id", "piece")
    )`)
    this.addSql(`create index "exchange_piece_name_index" on "exchange_piece" ("import_id", "name")`)
  }
}
