import type { DataSource, Logger, MigrationInterface, QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { migrate } from '../run/migrate';
import { openScratch, type Scratch } from '../test/scratch';
import { dropIndex } from './drop-index';
import { ensureIndex } from './ensure-index';

const INDEX = { table: 'readings', name: 'idx_readings_value', keys: ['"value"'] };

class IndexReadings1700000000000 implements MigrationInterface {
  readonly name = 'IndexReadings1700000000000';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await ensureIndex(runner, INDEX);
  }
  async down(runner: QueryRunner) {
    await dropIndex(runner, INDEX);
  }
}

class NoteReading1700000000001 implements MigrationInterface {
  readonly name = 'NoteReading1700000000001';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await runner.query('insert into readings values (0)');
  }
  async down() {}
}

const SAID: string[] = [];
const logger: Logger = {
  logQuery() {},
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration: (message) => void SAID.push(message),
  log() {},
};

// TypeORM's own commands take no lock: what keeps two of them apart is in the steps themselves.
const run = (dataSource: DataSource) => dataSource.runMigrations({ transaction: 'none' });
const revert = (dataSource: DataSource) => dataSource.undoLastMigration({ transaction: 'none' });

describe('two plain typeorm commands at once', () => {
  let scratch: Scratch;
  let one: DataSource;
  let other: DataSource;

  const isBuilding = async () =>
    (await scratch.dataSource.query('select 1 from pg_stat_progress_create_index')).length > 0;
  const ledger = () => scratch.dataSource.query('select name from migrations');
  const found = async () => {
    const runner = scratch.dataSource.createQueryRunner();
    const indexes = await readIndexes(runner, { tables: ['readings'] });
    await runner.release();
    return indexes.map(({ name, valid, ready }) => ({ name, valid, ready }));
  };

  beforeAll(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query(
      `create table readings as
       select (random() * 1e9)::integer as value, md5(n::text) as note from generate_series(1, 300000) n`,
    );
    one = await scratch.open({ migrations: [IndexReadings1700000000000], logger });
    other = await scratch.open({ migrations: [IndexReadings1700000000000], logger });
    // TypeORM makes its ledger when it is missing, and two that do so at once are its own affair.
    await run(one);
    await revert(one);
  });

  afterAll(() => scratch.close());

  afterEach(async () => {
    await scratch.dataSource.query('drop index if exists idx_readings_value');
    await scratch.dataSource.query('delete from migrations');
  });

  it.each([1, 2, 3])('build the index once when both start together, round %i', async () => {
    await expect(Promise.all([run(one), run(other)])).resolves.toHaveLength(2);
    expect(await found()).toEqual([{ name: INDEX.name, valid: true, ready: true }]);
    expect(await ledger()).toEqual([{ name: 'IndexReadings1700000000000' }]);
  });

  it.each([1, 2])(
    'build the index once when one starts during the build of the other, round %i',
    async () => {
      const first = run(one);
      await waitFor(isBuilding);
      await expect(Promise.all([first, run(other)])).resolves.toHaveLength(2);
      expect(await found()).toEqual([{ name: INDEX.name, valid: true, ready: true }]);
      expect(await ledger()).toEqual([{ name: 'IndexReadings1700000000000' }]);
      expect(SAID.join()).toMatch(/Another migration is running \(pid \d+\); waiting for it/);
    },
  );

  it('enter the migration in the ledger twice where no step of ours keeps them apart', async () => {
    const same = [NoteReading1700000000001];
    const [first, second] = [
      await scratch.open({ migrations: same }),
      await scratch.open({ migrations: same }),
    ];
    const writer = scratch.dataSource.createQueryRunner();
    await writer.startTransaction();
    await writer.query('lock table readings');
    const both = Promise.all([run(first), run(second)]);
    await waitFor(
      async () => (await scratch.dataSource.query('select 1 from pg_locks where not granted')).length === 2,
    );
    await writer.commitTransaction();
    await writer.release();
    await both;
    expect(await ledger()).toHaveLength(2);
  });

  it('wait for a holdfast run as well', async () => {
    const first = migrate(one);
    await waitFor(isBuilding);
    await expect(Promise.all([first, run(other)])).resolves.toHaveLength(2);
    expect(await found()).toEqual([{ name: INDEX.name, valid: true, ready: true }]);
    expect(await ledger()).toHaveLength(1);
  });

  it('drop the index once', async () => {
    await run(one);
    const runners = [one, other].map((dataSource) => dataSource.createQueryRunner());
    await Promise.all(runners.map((runner) => dropIndex(runner, INDEX)));
    for (const runner of runners) await runner.release();
    expect(await found()).toEqual([]);
  });
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
