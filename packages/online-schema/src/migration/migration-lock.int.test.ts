import type { QueryRunner } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { ensureIndex } from './ensure-index';
import { withMigrationLock } from './migration-lock';

describe('withMigrationLock', () => {
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeAll(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    await runner.query('create table people (email text)');
  });

  afterAll(async () => {
    await runner.release();
    await scratch.close();
  });

  const isHeld = async () =>
    (await scratch.dataSource.query(`select 1 from pg_locks where locktype = 'advisory' and granted`))
      .length > 0;

  it('is taken once more by a step inside, and given up only by the outermost', async () => {
    await withMigrationLock(runner, async () => {
      await ensureIndex(runner, { table: 'people', name: 'idx_people_email', keys: ['"email"'] });
      expect(await isHeld()).toBe(true);
    });
    expect(await isHeld()).toBe(false);
  });

  it('is given up when a step fails', async () => {
    const failing = ensureIndex(runner, { table: 'nowhere', name: 'idx_nowhere', keys: ['"email"'] });
    await expect(failing).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_BUILD_FAILED',
      message: 'index idx_nowhere on nowhere was not built: there is no such table on the search path',
    });
    expect(await isHeld()).toBe(false);
  });
});
