import { ApiKey, createDataSource, Event, Membership, Organization, User } from '@holdfast/db';
import { migrate, type RunEvent } from '@holdfast/online-schema';
import { type BulkRow, closeDataSource, copyIn, openDataSource } from '@holdfast/postgres';
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { createTables } from '../create-tables';
import type { DataOptions, DataSetting } from './data-setting';
import { type GeneratedTable, generateData } from './generate-data';
import { type LoadOptions, type LoadSetting, readLoadOptions } from './load-options';
import { TablesNotEmptyError } from './tables-not-empty-error';

/** One table after a load. */
interface LoadedTable {
  readonly table: string;
  readonly rows: number;
  /** From the first row sent to the last one taken. */
  readonly elapsedMs: number;
}

/** What a load has left in the database. */
export interface LoadResult {
  readonly setting: DataSetting;
  readonly tables: readonly LoadedTable[];
  /** Indexes of these tables besides primary keys: more than none also where they were there before. */
  readonly secondaryIndexes: number;
}

/** A large load holds its connection for minutes, and has not forgotten it. */
const VARIABLES = { DATABASE_POOL_LEAK_MS: '0', DATABASE_APPLICATION_NAME: 'holdfast data' };

/** How long writers of the tables, of which there should be none, are waited for. */
const LOCK_TIMEOUT = '10s';

const PROGRESS_ROWS = 1_000;

const TABLES = ['organizations', 'users', 'user_organizations', 'events', 'api_keys'] as const;

/**
 * The database holds the generated rows. They come in one transaction: all of them, or none when that fails or is stopped;
 * while indexes are built after it, they stay. They are vacuumed and analysed, so that plans and index-only scans are those
 * of a settled database, and the next event appended comes after them.
 *
 * A database without the tables gets them by the migrations; one with empty tables keeps what it has, indexes included.
 * The same data gives the same contents whatever the options, save `transaction_id`, which is the server's.
 *
 * @param url `postgres://user:password@host:port/database`, without TLS.
 * @throws TablesNotEmptyError for a database with rows; InvalidOptionError; DatabaseConnectionError; the signal's reason.
 */
export async function loadData(
  url: string,
  dataOptions: DataOptions,
  options: LoadOptions = {},
): Promise<LoadResult> {
  const setting = readLoadOptions(options);
  const { signal, onProgress, indexes } = setting;
  signal?.throwIfAborted();
  const data = generateData(dataOptions);
  const dataSource = createDataSource('test', { ...VARIABLES, DATABASE_URL: url });
  await openDataSource(dataSource, signal && { signal });
  try {
    await requireEmptyTables(dataSource);
    onProgress({ step: 'tables' });
    if (indexes === 'before') await runMigrations(dataSource, setting);
    else await createTables(dataSource, { signal });
    const tables = await dataSource.transaction(async (manager) => {
      await lockEmptyTables(manager);
      const loaded = [
        await loadTable(manager, Organization, data.organizations, setting),
        await loadTable(manager, User, data.users, setting),
        await loadTable(manager, Membership, data.memberships, setting),
        await loadTable(manager, Event, data.events, setting),
        await loadTable(manager, ApiKey, data.apiKeys, setting),
      ];
      await manager.query(CONTINUE_LOG, [data.events.size]);
      signal?.throwIfAborted();
      return loaded;
    });
    if (indexes === 'after') await runMigrations(dataSource, setting);
    onProgress({ step: 'statistics' });
    for (const { table } of tables) {
      signal?.throwIfAborted();
      await dataSource.query(`vacuum (analyze) ${table}`);
    }
    const [counted] = await dataSource.query<{ count: number }[]>(COUNT_SECONDARY_INDEXES, [
      tables.map(({ table }) => table),
    ]);
    return { setting: data.setting, tables, secondaryIndexes: counted?.count ?? 0 };
  } finally {
    await closeDataSource(dataSource);
  }
}

async function runMigrations(dataSource: DataSource, { signal, onProgress }: LoadSetting): Promise<void> {
  let built = 0;
  const report = (event: RunEvent): void => {
    if (event.type !== 'step' || event.action !== 'build index') return;
    built += 1;
    onProgress({ step: 'indexes', name: event.name, built });
  };
  try {
    await migrate(dataSource, { report, signal });
  } catch (error) {
    // To whoever stops a load, which of its statements it was at does not matter.
    signal?.throwIfAborted();
    throw error;
  }
}

/** Nobody else writes to the tables until the transaction ends, and there is nothing in them. */
async function lockEmptyTables(manager: EntityManager): Promise<void> {
  await manager.query(
    `select set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true)`,
    [LOCK_TIMEOUT],
  );
  await manager.query(`lock table ${TABLES.join(', ')} in share row exclusive mode`);
  await requireEmptyTables(manager);
}

/** @throws TablesNotEmptyError unless each of the tables is empty or not there. */
async function requireEmptyTables(source: DataSource | EntityManager): Promise<void> {
  const filled: string[] = [];
  for (const table of TABLES) {
    const [found] = await source.query<{ exists: boolean }[]>(
      'select to_regclass($1) is not null as exists',
      [table],
    );
    if (found?.exists !== true) continue;
    const rows = await source.query<unknown[]>(`select from ${table} limit 1`);
    if (rows.length > 0) filled.push(table);
  }
  if (filled.length > 0) throw new TablesNotEmptyError(filled);
}

async function loadTable<Entity extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<Entity>,
  rows: GeneratedTable<BulkRow<Entity>>,
  setting: LoadSetting,
): Promise<LoadedTable> {
  const { signal, rowsPerCopy, onProgress } = setting;
  const table = manager.dataSource.getMetadata(entity).tableName;
  const total = rows.size;
  const startedAtMs = performance.now();
  onProgress({ step: 'rows', table, done: 0, total });
  const iterator = rows[Symbol.iterator]();
  let done = 0;
  function* takeChunk() {
    for (let taken = 0; taken < rowsPerCopy; taken++) {
      const next = iterator.next();
      if (next.done) return;
      yield next.value;
      done += 1;
      if (done % PROGRESS_ROWS === 0 && done < total) onProgress({ step: 'rows', table, done, total });
    }
  }
  let loaded = 0;
  for (;;) {
    const { copied } = await copyIn(manager, entity, takeChunk(), signal && { signal });
    loaded += copied;
    if (copied < rowsPerCopy) break;
  }
  onProgress({ step: 'rows', table, done: loaded, total });
  return { table, rows: loaded, elapsedMs: performance.now() - startedAtMs };
}

// The sequence knows nothing of the positions that were given; and it may already be beyond them.
const CONTINUE_LOG = `
  select setval(sequence, greatest($1::bigint, pg_sequence_last_value(sequence::regclass)))
  from pg_get_serial_sequence('events', 'global_position') as sequence`;

const COUNT_SECONDARY_INDEXES = `
  select count(*)::integer as count
  from pg_index
  where indrelid = any ($1::regclass[]) and not indisprimary`;
