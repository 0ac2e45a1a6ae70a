import type { DataSource, QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import type { FormerTable, TableOperation } from './table-operation';

/** Of the columns of both tables together, how many must be the same; and how many at least. */
const ALIKE = { ratio: 0.75, columns: 2 } as const;

interface Candidate {
  readonly schema: string;
  readonly name: string;
  /** That both have, by name and type. */
  readonly shared: number;
  readonly columns: number;
}

/**
 * Finds for every table that is to be made one without an entity that has the same columns, or nearly: TypeORM knows
 * tables by name alone, and takes one whose entity names it otherwise for a new one.
 */
export async function findFormerTables(
  dataSource: DataSource,
  runner: QueryRunner,
  operations: readonly TableOperation[],
): Promise<TableOperation[]> {
  const found: TableOperation[] = [];
  for (const operation of operations) {
    const former =
      operation.kind === 'create-table' ? await findFormer(dataSource, runner, operation) : undefined;
    found.push(former === undefined ? operation : ({ ...operation, former } as TableOperation));
  }
  return found;
}

async function findFormer(
  dataSource: DataSource,
  runner: QueryRunner,
  { table, columns }: Extract<TableOperation, { kind: 'create-table' }>,
): Promise<FormerTable | undefined> {
  // Also those that an entity does not synchronise, or has as a view: somebody knows them.
  const known = dataSource.entityMetadatas.map((one) => quoteQualified(one.schema, one.tableName));
  const { metadataTableName, options } = dataSource;
  const own = [metadataTableName, options.migrationsTableName ?? 'migrations', 'query-result-cache'];
  const candidates: Candidate[] = await runner.query(READ_CANDIDATES, [
    table.schema ?? null,
    columns.map(({ name }) => name),
    columns.map(({ type }) => type),
    known,
    own,
  ]);
  const [best] = candidates
    .filter(({ shared }) => shared >= ALIKE.columns)
    .map((one) => ({ ...one, all: one.columns + columns.length - one.shared }))
    .filter(({ shared, all }) => shared / all >= ALIKE.ratio)
    .toSorted((one, other) => other.shared / other.all - one.shared / one.all);
  return best && { schema: best.schema, table: best.name, isExact: best.shared === best.all };
}

// Partitions belong to their table, and what an extension has made to the extension. A type that the server does not know
// is one that is made with the table, such as an enum.
const READ_CANDIDATES = `
  select
    n.nspname as schema,
    c.relname as name,
    count(*)::int as columns,
    count(wanted.name) filter (where coalesce(to_regtype(wanted.type), a.atttypid) = a.atttypid)::int as shared
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join unnest($2::text[], $3::text[]) as wanted(name, type) on wanted.name = a.attname
  where n.nspname = coalesce($1, current_schema()) and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname <> all ($5::text[])
    and not exists (select from unnest($4::text[]) as known(path) where to_regclass(known.path) = c.oid)
    and not exists (
      select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
  group by n.nspname, c.relname
  order by c.relname`;
