import type { DataSource, QueryRunner } from 'typeorm';
import { CatalogError } from '../catalog/catalog-error';
import type { CatalogTable } from '../catalog/read-table';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { tablesOf } from '../specification/read-entity-indexes';

/** A table of the entities, and what the database has of it. */
export interface EntityTable {
  /** Left out by the entity, the search path decides. */
  readonly declaredSchema: string | undefined;
  readonly name: string;
  /** Undefined where there is no such table. */
  readonly found: FoundTable | undefined;
}

interface FoundTable extends CatalogTable {
  /** Names of declared columns that the table does not have. */
  readonly lacksColumns: readonly string[];
  /** Whether the entity has a column of an enumerated type, which may come to have another value. */
  readonly hasEnum: boolean;
}

interface TableRow extends CatalogTable {
  readonly path: string;
  readonly columns: string[];
  readonly readable: boolean;
  readonly role: string;
}

/**
 * The tables of the entities, each once, in the order of the entities.
 *
 * @throws CatalogError for a table that this role may not read: what it cannot see would seem to be missing.
 */
export async function readEntityTables(dataSource: DataSource, runner: QueryRunner): Promise<EntityTable[]> {
  const metadatas = tablesOf(dataSource);
  const paths = new Map(metadatas.map((one) => [quoteQualified(one.schema, one.tableName), one]));
  const rows: TableRow[] = await runner.query(READ_TABLES, [[...paths.keys()]]);
  for (const row of rows) if (!row.readable) throw notReadable(row);
  return [...paths].map(([path, { schema, tableName }]) => {
    const row = rows.find((one) => one.path === path);
    // Single-table inheritance: each entity has some of the table's columns.
    const columns = metadatas
      .filter((one) => one.schema === schema && one.tableName === tableName)
      .flatMap((one) => one.columns.filter((column) => !column.isVirtualProperty));
    return {
      declaredSchema: schema,
      name: tableName,
      found: row && {
        oid: row.oid,
        schema: row.schema,
        name: row.name,
        partitioned: row.partitioned,
        lacksColumns: [...new Set(columns.map(({ databaseName }) => databaseName))].filter(
          (name) => !row.columns.includes(name),
        ),
        hasEnum: columns.some(({ type }) => type === 'enum' || type === 'simple-enum'),
      },
    };
  });
}

function notReadable({ schema, name, role }: TableRow): CatalogError {
  const table = quoteQualified(schema, name);
  return new CatalogError(
    'HOLDFAST_TABLE_NOT_READABLE',
    `${schema}.${name}`,
    `role ${role} may not read table ${schema}.${name}, and what it cannot see would seem to be missing; ` +
      `look as its owner, or have the owner run: GRANT SELECT ON ${table} TO ${quoteIdentifier(role)}`,
  );
}

const READ_TABLES = `
  select
    wanted.path,
    t.oid,
    n.nspname as schema,
    t.relname as name,
    t.relkind = 'p' as partitioned,
    has_table_privilege(t.oid, 'select') as readable,
    current_user as role,
    array(
      select a.attname::text
      from pg_attribute a
      where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    ) as columns
  from unnest($1::text[]) as wanted(path)
  join pg_class t on t.oid = to_regclass(wanted.path)
  join pg_namespace n on n.oid = t.relnamespace`;
