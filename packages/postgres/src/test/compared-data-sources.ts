import { DataSource } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource } from '../data-source/open-data-source';
import type { PoolSettings } from '../pool/pool-settings';
import { settings } from './settings';
import { readPid } from './test-server';

/** A DataSource of this package, and TypeORM's own on node-postgres' pool. */
export type Kind = 'ours' | 'plain';

/** What a DataSource is made of, in the words of each kind. */
export interface ComparedSettings {
  readonly url: string;
  readonly pool?: Partial<PoolSettings>;
  /** Of node-postgres' pool. */
  readonly plain?: Readonly<Record<string, unknown>>;
}

/** Makes a DataSource that is not open yet. */
export function createComparedDataSource(kind: Kind, { url, pool, plain }: ComparedSettings): DataSource {
  if (kind === 'plain') return new DataSource({ type: 'postgres', url, extra: { max: 3, ...plain } });
  return createPostgresDataSource({
    url,
    pool: { ...settings, ...pool },
    applicationName: 'compared',
    entities: [],
    migrations: [],
  });
}

/** Runs the same on both kinds, one after the other, each beginning with an empty table `note (id int PRIMARY KEY)`. */
export async function compareDataSources<T>(
  compared: ComparedSettings,
  run: (dataSource: DataSource, kind: Kind) => Promise<T>,
): Promise<Readonly<Record<Kind, T>>> {
  const runOn = async (kind: Kind): Promise<T> => {
    await emptyNotes(compared.url);
    const dataSource = await createComparedDataSource(kind, compared).initialize();
    try {
      return await run(dataSource, kind);
    } finally {
      if (kind === 'ours') await closeDataSource(dataSource);
      else if (dataSource.isInitialized) await dataSource.destroy();
    }
  };
  return { ours: await runOn('ours'), plain: await runOn('plain') };
}

/** Reads what was committed, through a connection of its own. */
export function readNotes(url: string): Promise<{ id: number }[]> {
  return onTheSide(url, (dataSource) => dataSource.query('SELECT id FROM note ORDER BY id'));
}

/** Asks which backend serves a statement. */
export function readPidOf(dataSource: DataSource): Promise<number> {
  return readPid({ query: async (text) => ({ rows: await dataSource.query(text) }) });
}

async function emptyNotes(url: string): Promise<void> {
  await onTheSide(url, async (dataSource) => {
    await dataSource.query('DROP TABLE IF EXISTS note');
    await dataSource.query('CREATE TABLE note (id int PRIMARY KEY)');
  });
}

async function onTheSide<T>(url: string, run: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const { href } = Object.assign(new URL(url), { search: '' });
  const dataSource = await createComparedDataSource('plain', { url: href }).initialize();
  try {
    return await run(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
