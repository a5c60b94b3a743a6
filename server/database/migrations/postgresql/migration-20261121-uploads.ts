import { Migration } from '@mikro-orm/migrations'

/** Files that come in piece by piece. */
export class Migration20261121Uploads extends Migration {
  override up(): void {
    this.addSql(`create table "upload" (
      "id" text not null primary key,
      "user_id" text not null,
      "name" text not null,
      "relative_path" text null,
      "size" bigint not null,
      "expected_sha256" text null,
      "key" text null,
      "received" bigint not null,
      "sha256" text null,
      "import_id" text null,
      "claims" integer not null,
      "epoch" integer not null,
      "token_hash" text null,
      "token_expires_at" bigint null,
      "created_at" bigint not null,
      "expires_at" bigint not null
    )`)
    this.addSql(`create index "upload_user_id_index" on "upload" ("user_id")`)
    this.addSql(`create unique index "upload_token_hash_unique" on "upload" ("token_hash")`)
    this.addSql(`create index "upload_expires_at_index" on "upload" ("expires_at")`)
  }
}
