import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { ensureIndex } from '../migration/ensure-index';
import { waitFor } from '../test/wait-for';
import { migrate } from './migrate';

class IndexMugs1700000000000 implements MigrationInterface {
  readonly name = 'IndexMugs1700000000000';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await ensureIndex(runner, { table: 'mugs', name: 'idx_mugs_a', keys: ['"a"'] });
  }
  async down() {}
}

describe('a run on a server that takes no more connections', () => {
  let server: TemporaryServer;
  const clients: Client[] = [];

  beforeAll(async () => {
    server = await openTemporaryServer({ settings: { max_connections: 12 } });
  });

  afterAll(async () => {
    for (const client of clients) await client.end();
    await server?.stop();
  });

  const open = async () => {
    const client = new Client(server.url);
    await client.connect();
    clients.push(client);
    return client;
  };

  it('is stopped as in better times: its build is cancelled and nothing invalid is left', async () => {
    const admin = await open();
    const reader = await open();
    await admin.query('create table mugs as select 1 as a');
    await admin.query('create table unrelated (id integer)');
    await reader.query('begin isolation level repeatable read');
    await reader.query('select * from unrelated');
    const dataSource = new DataSource({
      type: 'postgres',
      url: server.url,
      installExtensions: false,
      migrationsTransactionMode: 'none',
      migrations: [IndexMugs1700000000000],
    });
    await dataSource.initialize();
    try {
      const abort = new AbortController();
      const stopped = migrate(dataSource, { signal: abort.signal }).catch((error: unknown) => error);
      await waitFor(
        async () =>
          (
            await admin.query(
              `select 1 from pg_stat_progress_create_index where phase = 'waiting for old snapshots'`,
            )
          ).rows.length > 0,
      );
      const isFull = () =>
        open().then(
          () => false,
          (error: { code?: unknown }) => error.code === '53300',
        );
      await waitFor(isFull);
      abort.abort();
      expect(await stopped).toMatchObject({ code: 'HOLDFAST_STOPPED' });
      expect((await admin.query(`select 1 from pg_index where indrelid = 'mugs'::regclass`)).rows).toEqual(
        [],
      );
    } finally {
      await dataSource.destroy();
    }
  });
});
