import { Migration } from '@mikro-orm/migrations'

/** Users, logins, watch tokens, targets, import sessions with their events and rejected records, leases. */
export class Migration20261121First extends Migration {
  override up(): void {
    this.addSql(`create table "import_event" (
      "import_id" text not null,
      "seq" integer not null,
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
      "id" text not null primary key,
      "kind" text not null,
      "title" text not null,
      "search_text" text not null,
      "status" text not null,
      "options" json not null,
      "files" json not null,
      "target_id" text null,
      "user_id" text not null,
      "request_id" text not null,
      "dedupe_key" text not null,
      "active_key" text null,
      "idempotency_key" text null,
      "attempt" integer not null,
      "retry_base" integer not null,
      "retry_only" text null,
      "last_seq" integer not null,
      "log_hash" text not null,
      "progress" json not null,
      "ledger" json not null,
      "error" json null,
      "marker_pending" integer not null,
      "deaths" integer not null,
      "uploads_gone" integer not null,
      "created_at" bigint not null,
      "started_at" bigint null,
      "ended_at" bigint null
    )`)
    this.addSql(`create index "import_session_status_index" on "import_session" ("status")`)
    this.addSql(`create index "import_session_dedupe_key_index" on "import_session" ("dedupe_key")`)
    this.addSql(`create unique index "import_session_active_key_unique" on "import_session" ("active_key")`)
    this.addSql(`create unique index "import_session_idempotency_key_unique" on "import_session" ("idempotency_key")`)
    this.addSql(`create index "import_session_created_at_index" on "import_session" ("created_at")`)
    this.addSql(`create table "lease" (
      "key" text not null primary key,
      "owner" text not null,
      "expires_at" bigint not null
    )`)
    this.addSql(`create table "login_session" (
      "id" text not null primary key,
      "token_hash" text not null,
      "user_id" text not null,
      "created_at" bigint not null,
      "seen_at" bigint not null,
      "absolute_expires_at" bigint not null
    )`)
    this.addSql(`create unique index "login_session_token_hash_unique" on "login_session" ("token_hash")`)
    this.addSql(`create index "login_session_user_id_index" on "login_session" ("user_id")`)
    this.addSql(`create table "rejected_record" (
      "import_id" text not null,
      "file" text not null,
      "record" integer not null,
      "attempt" integer not null,
      "body" json not null,
      primary key ("import_id",
      "file",
      "record")
    )`)
    this.addSql(`create table "target" (
      "id" text not null primary key,
      "name" text not null,
      "dialect" text not null,
      "url" text not null,
      "secret" text null,
      "built_in" integer not null,
      "created_at" bigint not null
    )`)
    this.addSql(`create unique index "target_name_unique" on "target" ("name")`)
    this.addSql(`create table "app_user" (
      "id" text not null primary key,
      "login" text not null,
      "name" text not null,
      "role" text not null,
      "password_hash" text not null,
      "disabled" integer not null,
      "created_at" bigint not null
    )`)
    this.addSql(`create unique index "app_user_login_unique" on "app_user" ("login")`)
    this.addSql(`create table "watch_token" (
      "id" text not null primary key,
      "token_hash" text not null,
      "user_id" text not null,
      "import_id" text not null,
      "login_id" text null,
      "created_at" bigint not null,
      "expires_at" bigint not null,
      "last_used_at" bigint null
    )`)
    this.addSql(`create unique index "watch_token_token_hash_unique" on "watch_token" ("token_hash")`)
    this.addSql(`create index "watch_token_user_id_index" on "watch_token" ("user_id")`)
    this.addSql(`create index "watch_token_import_id_index" on "watch_token" ("import_id")`)
  }
}
