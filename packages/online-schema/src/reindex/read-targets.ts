import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { sqlStateOf } from '../catalog/sqlstate';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { ReindexError } from './reindex-error';

/** An index that can be built anew. */
export interface ReindexTarget {
  readonly schema: string;
  readonly name: string;
  readonly table: CatalogTable;
  readonly bytes: number;
}

interface Row {
  readonly asked: string;
  readonly kind: string;
  readonly schema: string;
  readonly name: string;
  readonly table: CatalogTable | null;
  readonly bytes: number | null;
  readonly system: boolean;
  readonly exclusion: string | null;
}

/**
 * What a name stands for: an index, or every leaf of the index of a partitioned table. A name is taken as it is
 * written, `schema.name` with a schema, and then as SQL would read it.
 *
 * @throws ReindexError HOLDFAST_REINDEX_UNKNOWN where there is no such index, HOLDFAST_REINDEX_REFUSED where PostgreSQL
 * could rebuild it only with writers locked out.
 */
export async function readTargets(runner: QueryRunner, asked: string): Promise<ReindexTarget[]> {
  const oid = await findRelation(runner, asked);
  const rows: Row[] = oid === undefined ? [] : await runner.query(READ_TARGETS, [oid]);
  if (rows.length === 0 && oid === undefined) {
    const message = `there is no index ${asked}; one that is not on the search path needs its schema: schema.name`;
    throw new ReindexError('HOLDFAST_REINDEX_UNKNOWN', asked, message);
  }
  return rows.map((row) => toTarget(row, asked));
}

function toTarget({ schema, name, table, bytes, system, exclusion }: Row, asked: string): ReindexTarget {
  const index = `${schema}.${name}`;
  if (table === null) {
    throw new ReindexError('HOLDFAST_REINDEX_UNKNOWN', asked, `${asked} is not an index`);
  }
  const statement = `REINDEX INDEX ${quoteQualified(schema, name)}`;
  if (system) throw refused(index, 'it is of a system catalog', statement);
  if (exclusion !== null) throw refused(index, `it is of exclusion constraint ${exclusion}`, statement);
  return { schema, name, table, bytes: bytes ?? 0 };
}

function refused(index: string, reason: string, statement: string): ReindexError {
  return new ReindexError(
    'HOLDFAST_REINDEX_REFUSED',
    index,
    `index ${index} cannot be rebuilt concurrently: ${reason}; what can be done while nobody writes is ${statement}`,
  );
}

async function findRelation(runner: QueryRunner, asked: string): Promise<number | undefined> {
  const dot = asked.indexOf('.');
  const spellings = [
    quoteIdentifier(asked),
    ...(dot > 0 && dot < asked.length - 1 ? [quoteQualified(asked.slice(0, dot), asked.slice(dot + 1))] : []),
    asked,
  ];
  for (const spelling of spellings) {
    const rows: { oid: number | null }[] = await runner
      .query('select to_regclass($1)::oid as oid', [spelling])
      .catch((error: unknown) => {
        if (isNotName(error)) return [];
        throw error;
      });
    const oid = rows[0]?.oid;
    if (oid !== undefined && oid !== null) return oid;
  }
  return undefined;
}

/** As PostgreSQL answers what cannot be the name of anything: a syntax error, or a database before the schema. */
function isNotName(error: unknown): boolean {
  return ['42601', '42602', '0A000'].includes(sqlStateOf(error) ?? '');
}

// What the server's own initdb makes has an oid below 16384, and no table of anybody's.
const READ_TARGETS = `
  select
    n.nspname as schema,
    c.relname as name,
    case
      when x.indexrelid is not null
      then json_build_object(
        'oid', t.oid::bigint, 'schema', tn.nspname, 'name', t.relname, 'partitioned', t.relkind = 'p'
      )
    end as table,
    pg_relation_size(c.oid)::float8 as bytes,
    c.oid < 16384 as system,
    case
      when x.indisexclusion
      then (select con.conname from pg_constraint con where con.conindid = c.oid and con.contype in ('p', 'u', 'x'))
    end as exclusion
  from (
    select relid from pg_partition_tree($1::oid::regclass) where isleaf
    union
    select $1::oid::regclass
  ) asked
  join pg_class c on c.oid = asked.relid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_index x on x.indexrelid = c.oid
  left join pg_class t on t.oid = x.indrelid
  left join pg_namespace tn on tn.oid = t.relnamespace
  where c.relkind <> 'I'
  order by n.nspname, c.relname`;
