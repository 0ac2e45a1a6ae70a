import type { QueryRunner } from 'typeorm';
import { readBuilders } from '../catalog/read-builders';
import { WITH_TABLES_LOOKED_AT } from './tables-looked-at';

/** An index that no query may use. */
export interface BrokenIndex {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  /** Of a partitioned table: some of its partitions have no index attached to it. */
  readonly partitioned: boolean;
  readonly unique: boolean;
  /** Writes keep it up to date, and a unique one refuses rows. */
  readonly ready: boolean;
  /** False: it was being dropped. */
  readonly live: boolean;
  readonly constraint: string | null;
  readonly bytes: number;
  /** Left by REINDEX CONCURRENTLY, as its name tells. */
  readonly rebuildRemains: boolean;
  /** Process that holds the lock of a build on the table: the index may be in the making. */
  readonly builderPid: number | null;
  /** Name of the table that a person knows, where the index is one of its TOAST table. */
  readonly ownerSchema: string;
  readonly ownerTable: string;
}

interface BrokenRow extends Omit<BrokenIndex, 'builderPid'> {
  readonly tableOid: number;
  readonly oid: number;
  /** Process whose transaction has changed the index and has not committed. */
  readonly changerPid: number | null;
}

/** All indexes that are not valid, those of TOAST tables as well. */
export async function readBrokenIndexes(
  runner: QueryRunner,
  schemas: readonly string[],
): Promise<BrokenIndex[]> {
  const suspects: BrokenRow[] = await runner.query(READ_BROKEN, [schemas]);
  if (suspects.length === 0) return [];
  const builders = await readBuilders(
    runner,
    suspects.map(({ tableOid }) => tableOid),
  );
  // A build enters its result, gives up its lock and commits, in this order: only what is still broken when its lock
  // is known to be free, and by nobody's open transaction, is the remains of a build and not its last moment.
  const broken: BrokenRow[] = await runner.query(READ_BROKEN, [schemas]);
  return broken
    .filter(({ oid }) => suspects.some((suspect) => suspect.oid === oid))
    .map(({ tableOid, oid, changerPid, ...index }) => ({
      ...index,
      builderPid: builders.get(tableOid) ?? changerPid,
    }));
}

/** In a sentence: why nothing is said about this index. */
export function describeBuild({ schema, name, builderPid }: BrokenIndex): string {
  return (
    `${schema}.${name} is not valid, but the session with pid ${builderPid} holds the lock of a build on its table ` +
    'and may be making it; look again when that has ended.'
  );
}

const READ_BROKEN = `${WITH_TABLES_LOOKED_AT}, with_toast as (
    select oid, schema, name, schema as owner_schema, name as owner_table from looked_at
    union all
    select toast.oid, 'pg_toast', toast.relname, looked_at.schema, looked_at.name
    from looked_at
    join pg_class class on class.oid = looked_at.oid
    join pg_class toast on toast.oid = class.reltoastrelid
  )
  select with_toast.oid as "tableOid", class.oid, with_toast.schema, with_toast.name as "table",
         class.relname as name, class.relkind = 'I' as partitioned,
         with_toast.owner_schema as "ownerSchema", with_toast.owner_table as "ownerTable",
         index.indisunique as unique, index.indisready as ready, index.indislive as live,
         (select conname from pg_constraint where conindid = class.oid and contype in ('p', 'u', 'x')) as constraint,
         pg_relation_size(class.oid)::float8 as bytes,
         class.relname ~ '_cc(new|old)[0-9]*$' as "rebuildRemains",
         (
           select lock.pid
           from pg_locks lock
           where lock.locktype = 'transactionid' and lock.transactionid = index.xmax and lock.granted
             and lock.pid <> pg_backend_pid()
           limit 1
         ) as "changerPid"
  from with_toast
  join pg_index index on index.indrelid = with_toast.oid
  join pg_class class on class.oid = index.indexrelid
  where not index.indisvalid
  order by with_toast.schema, with_toast.name, class.relname`;
