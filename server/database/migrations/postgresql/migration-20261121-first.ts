import { Migration } from '@mikro-orm/migrations'

/** Users, logins, watch tokens, targets, import sessions with their events and rejected records, leases. */
export class Migration20261121First extends Migration {
  override up(): void {
    this.addSql(`create table "import_event" (
      "import_id" text not null,
      "seq" int not null,
      "at" bigint not null,
      "type" text not null,
      "level" text null,
      "stream" text null,
      "message" text null,
      "data" text null,
      "status" text null,
      primary key ("import_id",
      "seq")
    )`)
    this.addSql(`create table "import_session" (
      "id" text not null,
      "kind" text not null,
      "title" text not null,
      "search_text" text not null,
      "status" text not null,
      "options" jsonb not null,
      "files" jsonb not null,
      "target_id" text null,
      "user_id" text not null,
      "request_id" text not null,
      "dedupe_key" text not null,
      "active_key" text null,
      "idempotency_key" text null,
      "attempt" int not null,
      "retry_base" int not null,
      "retry_only" text null,
      "last_seq" int not null,
      "log_hash" text not null,
      "progress" jsonb not null,
      "ledger" jsonb not null,
      "error" jsonb null,
      "marker_pending" boolean not null,
      "deaths" int not null,
      "uploads_gone" boolean not null,
      "created_at" bigint not null,
      "started_at" bigint null,
      "ended_at" bigint null,
      primary key ("id")
    )`)
    this.addSql(`create index "import_session_status_index" on "import_session" ("status")`)
    this.addSql(`create index "import_session_dedupe_key_index" on "import_session" ("dedupe_key")`)
    this.addSql(`alter table "import_session" add constraint "import_session_active_key_unique" unique ("active_key")`)
    this.addSql(`alter table "import_session" add constraint "import_session_idempotency_key_unique" unique ("idempotency_key")`)
    this.addSql(`create index "import_session_created_at_index" on "import_session" ("created_at")`)
    this.addSql(`create table "lease" (
      "key" text not null,
      "owner" text not null,
      "expires_at" bigint not null,
      primary key ("key")
    )`)
    this.addSql(`create table "login_session" (
      "id" text not null,
      "token_hash" text not null,
      "user_id" text not null,
      "created_at" bigint not null,
      "seen_at" bigint not null,
      "absolute_expires_at" bigint not null,
      primary key ("id")
    )`)
    this.addSql(`alter table "login_session" add constraint "login_session_token_hash_unique" unique ("token_hash")`)
    this.addSql(`create index "login_session_user_id_index" on "login_session" ("user_id")`)
    this.addSql(`create table "rejected_record" (
      "import_id" text not null,
      "file" text not null,
      "record" int not null,
      "attempt" int not null,
      "body" jsonb not null,
      primary key ("import_id",
      "file",
      "record")
    )`)
    this.addSql(`create table "target" (
      "id" text not null,
      "name" text not null,
      "dialect" text not null,
      "url" text not null,
      "secret" text null,
      "built_in" boolean not null,
      "created_at" bigint not null,
      primary key ("id")
    )`)
    this.addSql(`alter table "target" add constraint "target_name_unique" unique ("name")`)
    this.addSql(`create table "app_user" (
      "id" text not null,
      "login" text not null,
      "name" text not null,
      "role" text not null,
      "password_hash" text not null,
      "disabled" boolean not null,
      "created_at" bigint not null,
      primary key ("id")
    )`)
    this.addSql(`alter table "app_user" add constraint "app_user_login_unique" unique ("login")`)
    this.addSql(`create table "watch_token" (
      "id" text not null,
      "token_hash" text not null,
      "user_id" text not null,
      "import_id" text not null,
      "login_id" text null,
      "created_at" bigint not null,
      "expires_at" bigint not null,
      "last_used_at" bigint null,
      primary key ("id")
    )`)
    this.addSql(`alter table "watch_token" add constraint "watch_token_token_hash_unique" unique ("token_hash")`)
    this.addSql(`create index "watch_token_user_id_index" on "watch_token" ("user_id")`)
    this.addSql(`create index "watch_token_import_id_index" on "watch_token" ("import_id")`)
  }
}
