import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import { tablesOf } from '../specification/read-entity-indexes';

/** Where the doctor stands. */
export interface Surroundings {
  readonly database: string;
  readonly serverTime: Date;
  readonly serverVersion: number;
  readonly serverVersionText: string;
  readonly schemas: readonly string[];
  readonly entityTables: readonly string[];
  /** The schema in which the entity's table is, or would be made. */
  schemaOf(metadata: EntityMetadata): string;
}

interface ServerRow {
  readonly database: string;
  readonly time: Date;
  readonly version: number;
  readonly version_text: string;
  readonly schema: string | null;
}

/** Finds out about the server, and where on it the tables of the entities are. */
export async function readSurroundings(runner: QueryRunner, dataSource: DataSource): Promise<Surroundings> {
  const [server]: ServerRow[] = await runner.query(READ_SERVER);
  if (server === undefined) throw new Error('the server answered nothing about itself');
  const entities = tablesOf(dataSource);
  const found: { schema: string | null }[] = await runner.query(READ_SCHEMAS, [
    entities.map(({ schema, tableName }) => quoteQualified(schema, tableName)),
  ]);
  const fallback = server.schema ?? 'public';
  const schemaByEntity = new Map(
    entities.map((metadata, at) => [metadata, found[at]?.schema ?? metadata.schema ?? fallback]),
  );
  const schemaOf = (metadata: EntityMetadata) => schemaByEntity.get(metadata) ?? fallback;
  return {
    database: server.database,
    serverTime: server.time,
    serverVersion: server.version,
    serverVersionText: server.version_text,
    schemas: [...new Set([...schemaByEntity.values(), fallback])],
    entityTables: [...new Set(entities.map((metadata) => `${schemaOf(metadata)}.${metadata.tableName}`))],
    schemaOf,
  };
}

const READ_SERVER = `
  select current_database() as database, clock_timestamp() as time,
         current_setting('server_version_num')::integer as version,
         split_part(current_setting('server_version'), ' ', 1) as version_text,
         current_schema()::text as schema`;

// Where a statement would find them: without a schema in the entity, the search path decides.
const READ_SCHEMAS = `
  select space.nspname::text as schema
  from unnest($1::text[]) with ordinality as entity (name, place)
  left join pg_class class on class.oid = to_regclass(entity.name)
  left join pg_namespace space on space.oid = class.relnamespace
  order by entity.place`;
