import type { QueryRunner } from 'typeorm';
import { LITERAL_INDEXES } from '../../literal-indexes/literal-indexes';
import { phraseForLiteralSet } from '../../literal-indexes/phrase-for-literal-set';
import { TABLES } from './staged-rows';

/** What is compared: the indexes that ship, and the twenty-one of the plan as it was written, beside the same others. */
export type SetName = 'shipped' | 'literal';

/** What an index takes on the disk. */
export interface IndexSize {
  readonly name: string;
  readonly table: string;
  readonly definition: string;
  readonly bytes: number;
}

/** What ships for a question that the plan did not answer: neither one of the twenty-one, nor one that was known to be missing. */
const UNPLANNED = ['idx_users_last_name'] as const;

/**
 * Gives the database, which has the indexes that ship, the literal ones in their place. A primary key under the name of a
 * literal index makes room for it, and then the table has none: the literal set needs the one that stood in the plan.
 */
export async function takeLiteralSet(runner: QueryRunner): Promise<void> {
  // What the application asks through functions is asked in their words.
  const functions: { definition: string }[] = await runner.query(
    `select pg_get_functiondef(oid) as definition from pg_proc
     where pronamespace = to_regnamespace('tenancy') and prosrc like '%uuid_hash_extended%'`,
  );
  for (const { definition } of functions) await runner.query(phraseForLiteralSet(definition));
  for (const name of UNPLANNED) await runner.query(`drop index ${name}`);
  for (const { name, table, statement } of LITERAL_INDEXES) {
    const [constraint]: { name: string }[] = await runner.query(
      `select conname as name from pg_constraint where conindid = to_regclass($1) and contype in ('p', 'u')`,
      [name],
    );
    if (constraint === undefined) await runner.query(`drop index ${name}`);
    else await runner.query(`alter table ${table} drop constraint ${name}`);
    await runner.query(statement);
  }
  // In the plan this was the answer to what the twenty-one had left out; among what ships, one of them is that.
  await runner.query(
    'create unique index idx_user_orgs_user_organization on user_organizations (user_id, organization_id)',
  );
  const [primary]: { found: boolean }[] = await runner.query(
    `select exists (select from pg_constraint where conrelid = 'events'::regclass and contype = 'p') as found`,
  );
  if (primary?.found !== true) {
    await runner.query('alter table events add constraint events_pkey primary key (aggregate_id, id)');
  }
}

/** All indexes of the tables, primary keys among them, by table and name. */
export async function readIndexSizes(runner: QueryRunner): Promise<readonly IndexSize[]> {
  return runner.query(
    `select class.relname as name, index.indrelid::regclass::text as "table",
            pg_get_indexdef(class.oid) as definition, pg_relation_size(class.oid)::float8 as bytes
     from pg_index index
     join pg_class class on class.oid = index.indexrelid
     where index.indrelid = any ($1::regclass[])
     order by "table", name`,
    [TABLES],
  );
}
