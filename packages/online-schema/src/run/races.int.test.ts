import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { migrate } from './migrate';
import { revert } from './revert';

const INDEXES = ['a', 'b', 'c'].map((column) => ({
  table: 'rounds',
  name: `idx_rounds_${column}`,
  keys: [`"${column}"`],
}));

class IndexRounds1700000000000 implements MigrationInterface {
  readonly name = 'IndexRounds1700000000000';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    for (const index of INDEXES) await ensureIndex(runner, index);
  }
  async down(runner: QueryRunner) {
    for (const index of INDEXES) await dropIndex(runner, index);
  }
}

describe('many runners at once', () => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query(
      'create table rounds as select n as a, -n as b, n % 7 as c from generate_series(1, 2000) n',
    );
  });

  afterAll(() => scratch.close());

  const indexes = async () => {
    const runner = scratch.dataSource.createQueryRunner();
    const found = await readIndexes(runner, { tables: ['rounds'] });
    await runner.release();
    return found.map(({ name, valid }) => ({ name, valid }));
  };

  it('end in a deadlock with CONCURRENTLY if the second waits inside pg_advisory_lock', async () => {
    const lock = 'select pg_advisory_lock(1, 2)';
    const worker = scratch.dataSource.createQueryRunner();
    const waiter = scratch.dataSource.createQueryRunner();
    try {
      await worker.query(lock);
      const waited = waiter.query(lock).catch((error: Error) => error);
      await waitFor(
        async () => (await scratch.dataSource.query('select 1 from pg_locks where not granted')).length > 0,
      );
      const built = worker
        .query('create index concurrently idx_rounds_control on rounds (a)')
        .catch((error: Error) => error);
      const first = await Promise.race([built, waited]);
      expect(first).toMatchObject({ driverError: { code: '40P01' } });
      await worker.query('select pg_advisory_unlock_all()').catch(() => undefined);
      await Promise.all([built, waited]);
    } finally {
      await waiter.query('select pg_advisory_unlock_all()');
      await worker.release();
      await waiter.release();
      await scratch.dataSource.query('drop index if exists idx_rounds_control');
    }
  });

  it('work one at a time and then find nothing to do, twenty of them, five rounds', async () => {
    const runners: DataSource[] = [];
    for (let number = 0; number < 20; number += 1)
      runners.push(await scratch.open({ migrations: [IndexRounds1700000000000], poolSize: 1 }));
    for (let round = 0; round < 5; round += 1) {
      const applied = await Promise.all(runners.map((dataSource) => migrate(dataSource)));
      expect(applied.filter((names) => names.length > 0)).toEqual([['IndexRounds1700000000000']]);
      expect(await indexes()).toEqual(INDEXES.map(({ name }) => ({ name, valid: true })));
      expect(await scratch.dataSource.query('select name from migrations')).toHaveLength(1);
      await revert(runners[round] as DataSource);
      expect(await indexes()).toEqual([]);
    }
  });
});
