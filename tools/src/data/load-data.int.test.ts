import { createHash } from 'node:crypto';
import { appendEvents, createDataSource } from '@holdfast/db';
import {
  createDatabase,
  dropDatabase,
  openTemporaryServer,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { InvalidOptionError } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { withClient } from '../measurement/with-client';
import { listFaults } from './check-loaded';
import { loadData } from './load-data';
import type { LoadOptions, LoadProgress } from './load-options';
import { TablesNotEmptyError } from './tables-not-empty-error';

const DATA = { events: 2_000, seed: 3 };
/** Those that every migrated database has at least (docs/indexes.md). */
const PLANNED_INDEXES = 21;
const TABLES = ['organizations', 'users', 'user_organizations', 'events', 'api_keys'] as const;

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server.stop());

let databases = 0;

/** An empty database, without tables, while the work runs. */
async function withDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  databases += 1;
  const name = `load_${databases}`;
  const url = await createDatabase(server.adminUrl, name);
  try {
    return await work(url);
  } finally {
    await dropDatabase(server.adminUrl, name);
  }
}

/** One hash of all that the tables hold, save what the server decides. */
async function hashContents(url: string): Promise<string> {
  return withClient(url, async (client) => {
    const hash = createHash('sha256');
    for (const table of TABLES) {
      const { rows } = await client.query<{ line: string }>(
        `select (to_jsonb(t) - 'transaction_id')::text as line from ${table} as t order by id`,
      );
      for (const { line } of rows) hash.update(`${table} ${line}\n`);
    }
    return hash.digest('hex');
  });
}

async function withDataSource<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = await createDataSource('test', { DATABASE_URL: url }).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** Of every table, also of those that a load leaves empty. */
async function listSecondaryIndexes(url: string): Promise<readonly string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select indexrelid::regclass::text as name from pg_index
       where not indisprimary and indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)`,
    );
    return rows.map(({ name }) => name).toSorted();
  });
}

async function countRows(url: string): Promise<readonly number[]> {
  return withClient(url, async (client) => {
    const counts: number[] = [];
    for (const table of TABLES) {
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::integer as count from ${table}`,
      );
      counts.push(rows[0]?.count ?? Number.NaN);
    }
    return counts;
  });
}

async function loadAndHash(options: LoadOptions): Promise<string> {
  return withDatabase(async (url) => {
    await loadData(url, DATA, options);
    return hashContents(url);
  });
}

describe('a load', () => {
  it('leaves the same contents in one COPY or in many, with its indexes before, after or without it', async () => {
    const expected = await loadAndHash({});
    expect(await loadAndHash({ rowsPerCopy: 37 })).toBe(expected);
    expect(await loadAndHash({ indexes: 'before' })).toBe(expected);
    expect(await loadAndHash({ indexes: 'after' })).toBe(expected);
  });

  it('leaves other contents for another seed', async () => {
    const other = await withDatabase(async (url) => {
      await loadData(url, { ...DATA, seed: 4 });
      return hashContents(url);
    });
    expect(other).not.toBe(await loadAndHash({}));
  });

  it('says how many rows there are, and they are within every unique index and reference', async () => {
    await withDatabase(async (url) => {
      const { tables, secondaryIndexes, setting } = await loadData(url, DATA, { indexes: 'after' });
      expect(tables.map(({ table }) => table)).toEqual(TABLES);
      expect(tables.map(({ rows }) => rows)).toEqual(await countRows(url));
      expect(tables[3]?.rows).toBe(setting.events);
      expect(secondaryIndexes).toBeGreaterThanOrEqual(PLANNED_INDEXES);
      expect(await withClient(url, listFaults)).toEqual([]);
      // The control: a gap and an unknown organization are faults.
      await withClient(url, (client) =>
        client.query(
          `update events set aggregate_version = 900, organization_id = id where global_position = 1`,
        ),
      );
      expect(await withClient(url, listFaults)).toEqual([
        '1 streams whose versions are not 1, 2, 3 …',
        '1 events of an organization that is not there',
      ]);
    });
  });

  it('leaves the migrations of indexes pending when it shall build none', async () => {
    const isPending = (url: string) => withDataSource(url, (dataSource) => dataSource.showMigrations());
    await withDatabase(async (url) => {
      expect(await loadData(url, DATA, {})).toMatchObject({ secondaryIndexes: 0 });
      expect(await isPending(url)).toBe(true);
    });
    await withDatabase(async (url) => {
      await loadData(url, DATA, { indexes: 'after' });
      expect(await isPending(url)).toBe(false);
    });
  });

  it('fills the tables of a database that is migrated already, with the indexes that it has', async () => {
    await withDatabase(async (url) => {
      const { secondaryIndexes } = await loadData(url, DATA, { indexes: 'before' });
      expect(secondaryIndexes).toBeGreaterThanOrEqual(PLANNED_INDEXES);
      await withClient(url, (client) => client.query(`truncate ${TABLES.join(', ')}`));
      expect(await loadData(url, DATA)).toMatchObject({ secondaryIndexes });
      expect(await hashContents(url)).toBe(await loadAndHash({}));
    });
  });

  it('lets the next event come after all that were loaded', async () => {
    await withDatabase(async (url) => {
      await loadData(url, DATA);
      const { events } = await withDataSource(url, ({ manager }) =>
        appendEvents(manager, {
          aggregateType: 'order',
          aggregateId: '01900000-0000-7000-8000-000000000000',
          expectedVersion: 0,
          events: [{ eventType: 'order.placed', payload: {} }],
        }),
      );
      expect(events[0]?.globalPosition).toBe('2001');
    });
  });

  it('leaves the tables vacuumed and analysed', async () => {
    await withDatabase(async (url) => {
      await loadData(url, DATA);
      await withClient(url, async (client) => {
        const { rows } = await client.query<{ known: boolean }>(
          `select reltuples = 2000 and relallvisible = relpages as known from pg_class where oid = 'events'::regclass`,
        );
        expect(rows).toEqual([{ known: true }]);
      });
    });
  });

  it('tells of every table from its first to its last row', async () => {
    await withDatabase(async (url) => {
      const told: LoadProgress[] = [];
      await loadData(url, DATA, {
        indexes: 'after',
        onProgress: (progress) => told.push(progress),
      });
      expect(told[0]).toEqual({ step: 'tables' });
      expect(told.at(-1)).toEqual({ step: 'statistics' });
      expect(told.filter((progress) => progress.step === 'rows' && progress.table === 'events')).toEqual(
        [0, 1_000, 2_000].map((done) => ({ step: 'rows', table: 'events', done, total: 2_000 })),
      );
      const built = told.flatMap((progress) => (progress.step === 'indexes' ? [progress.name] : []));
      expect(built.toSorted()).toEqual(await listSecondaryIndexes(url));
    });
  });
});

describe('a load that cannot be', () => {
  it('is refused for a database with rows, which stay as they are', async () => {
    await withDatabase(async (url) => {
      await loadData(url, DATA);
      const before = await hashContents(url);
      const refused = loadData(url, { events: 1_000 });
      await expect(refused).rejects.toThrow(TablesNotEmptyError);
      await expect(refused).rejects.toMatchObject({ code: 'TABLES_NOT_EMPTY', tables: TABLES });
      expect(await hashContents(url)).toBe(before);
    });
  });

  it('is refused for rows in a database that is not migrated, before anything is made there', async () => {
    await withDatabase(async (url) => {
      await withClient(url, async (client) => {
        await client.query('create table users (name text)');
        await client.query(`insert into users values ('somebody')`);
      });
      await expect(loadData(url, DATA)).rejects.toMatchObject({
        code: 'TABLES_NOT_EMPTY',
        tables: ['users'],
      });
      await withClient(url, async (client) => {
        const { rows } = await client.query(
          `select tablename as name from pg_tables where schemaname = 'public'`,
        );
        expect(rows).toEqual([{ name: 'users' }]);
      });
    });
  });

  it('leaves no row when it is stopped in the middle', async () => {
    await withDatabase(async (url) => {
      const stop = new AbortController();
      const reason = new Error('enough');
      const loading = loadData(url, DATA, {
        signal: stop.signal,
        onProgress: (progress) => {
          if (progress.step === 'rows' && progress.table === 'events' && progress.done > 0)
            stop.abort(reason);
        },
      });
      await expect(loading).rejects.toBe(reason);
      expect(await countRows(url)).toEqual([0, 0, 0, 0, 0]);
      await expect(loadData(url, DATA)).resolves.toMatchObject({ secondaryIndexes: 0 });
    });
  });

  it.each([
    [{ events: 10 }, {}, 'events must be an integer of at least 1000'],
    [DATA, { indexes: 'later' }, 'indexes must be one of none, after, before, but is "later"'],
    [DATA, { rowsPerCopy: 0 }, 'rowsPerCopy must be an integer of at least 1, but is 0'],
    [DATA, { onProgress: 'loud' }, 'onProgress must be a function, but is "loud"'],
    [DATA, { signal: {} }, 'signal must be an AbortSignal, but is an object'],
    [
      DATA,
      { index: 'none' },
      'loadData option must be one of indexes, rowsPerCopy, signal, onProgress, but is "index"',
    ],
  ])('is refused before it connects, for %p and %p', async (data, options, message) => {
    const refused = loadData('postgres://nobody@127.0.0.1:1/nothing', data, options as LoadOptions);
    await expect(refused).rejects.toThrow(InvalidOptionError);
    await expect(refused).rejects.toThrow(message);
  });
});
