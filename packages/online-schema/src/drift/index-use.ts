import type { QueryRunner } from 'typeorm';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { IndexDefinition } from '../specification/index-definition';

/** What needs this very index, so that more than its space goes with it. */
export interface IndexUse {
  /** By which a publication tells rows apart: without it, every UPDATE and DELETE of a published table fails. */
  readonly isIdentity: boolean;
  /** By which CLUSTER sorts the table. */
  readonly isClustered: boolean;
  /** Foreign keys that refer to it, with which PostgreSQL does not drop it. */
  readonly foreignKeys: readonly string[];
}

/** What needs the index; undefined if there is none of that name. */
export async function readIndexUse(
  runner: QueryRunner,
  { schema, name }: { readonly schema: string; readonly name: string },
): Promise<IndexUse | undefined> {
  const [use]: IndexUse[] = await runner.query(READ_USE, [schema, name]);
  return use;
}

/** Whether a person must see first to what rests on the index, before it is dropped. */
export function isNeeded(use: IndexUse | undefined): boolean {
  return use !== undefined && (use.isIdentity || use.foreignKeys.length > 0);
}

/** What to know before the index is dropped; nothing where nothing rests on it. */
export function explainUse(use: IndexUse | undefined, table: string): string[] {
  if (use === undefined) return [];
  const { isIdentity, isClustered, foreignKeys } = use;
  return [
    ...(isIdentity
      ? [
          `it is the replica identity of ${table}, without which UPDATE and DELETE of a published table fail: name ` +
            'another one first, with ALTER TABLE … REPLICA IDENTITY',
        ]
      : []),
    ...(foreignKeys.length > 0
      ? [`foreign key ${foreignKeys.join(', ')} refers to it: let that refer to another unique index first`]
      : []),
    ...(isClustered ? [`CLUSTER sorts ${table} by it`] : []),
  ];
}

/** What lets CLUSTER sort the table by another index, if it can: by a whole btree or gist; moves no row and blocks nobody. */
export function renderCluster({ schema, table, name, method = 'btree', where }: IndexDefinition): string[] {
  if (where !== undefined || (method !== 'btree' && method !== 'gist')) return [];
  return [`ALTER TABLE ${quoteQualified(schema, table)} CLUSTER ON ${quoteIdentifier(name)}`];
}

const READ_USE = `
  select
    x.indisreplident as "isIdentity",
    x.indisclustered as "isClustered",
    array(
      select o.conname || ' of ' || o.conrelid::regclass::text
      from pg_constraint o
      where o.conindid = x.indexrelid and o.contype = 'f'
      order by 1
    ) as "foreignKeys"
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_index x on x.indexrelid = c.oid
  where n.nspname = $1 and c.relname = $2`;
