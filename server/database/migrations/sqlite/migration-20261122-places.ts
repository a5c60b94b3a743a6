import { Migration } from '@mikro-orm/migrations'

/** Which database a target leads to, so that two names of one database are known for it. */
export class Migration20261122Places extends Migration {
  override up(): void {
    this.addSql(`alter table "target" add column "place" text null`)
  }
}
