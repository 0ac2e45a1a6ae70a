import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { DataSource, EntitySchema, MigrationExecutor, type QueryRunner } from 'typeorm';
import { generate } from '../generate/generate';
import { asStranger } from '../test/as-stranger';
import { planMigrate } from './dry-run';
import { migrate } from './migrate';
import { readStatus } from './status';

const Boat = new EntitySchema({
  name: 'Boat',
  tableName: 'boats',
  columns: { id: { type: 'integer', primary: true } },
});

class CreateBoats1700000000000 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table boats (id integer primary key)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table boats');
  }
}

describe.each([
  ['migrations', {}, '"migrations"'],
  ['another table in a schema', { migrationsTableName: 'Ledger', schema: 'harbour' }, '"harbour"."Ledger"'],
])('the ledger that is %s', (_, names, ledger) => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await openTestDatabase({ empty: true });
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      installExtensions: false,
      entities: [Boat],
      migrations: [CreateBoats1700000000000],
      poolSize: 1,
      ...names,
    }).initialize();
    await dataSource.query('create schema harbour');
    await migrate(dataSource);
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await database?.drop();
  });

  it('is asked for by nobody who may not read it, where TypeORM takes all migrations for pending', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
    try {
      await asStranger(dataSource, ['usage on schema harbour'], async () => {
        expect(await new MigrationExecutor(dataSource).getPendingMigrations()).toHaveLength(1);
        for (const work of [
          () => readStatus(dataSource),
          () => migrate(dataSource),
          () => planMigrate(dataSource),
          () => generate(dataSource, { name: 'more', directory: folder }),
        ]) {
          await expect(work()).rejects.toMatchObject({
            code: 'HOLDFAST_TABLE_NOT_READABLE',
            message: expect.stringContaining(`GRANT SELECT ON ${ledger} TO "stranger_`),
          });
        }
      });
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('may be read by whoever was granted it', async () => {
    await asStranger(dataSource, ['usage on schema harbour', `select on ${ledger}`], async () => {
      const { migrations } = await readStatus(dataSource);
      expect(migrations).toMatchObject([{ name: 'CreateBoats1700000000000', state: 'applied' }]);
    });
  });

  it('does not seem to be empty to whoever may not use its schema', async () => {
    await dataSource.query('revoke all on schema public from public');
    await asStranger(dataSource, [], () =>
      expect(readStatus(dataSource)).rejects.toThrow(
        ledger.includes('.')
          ? 'permission denied for schema harbour'
          : 'GRANT USAGE ON SCHEMA … TO "stranger_',
      ),
    );
  });
});
