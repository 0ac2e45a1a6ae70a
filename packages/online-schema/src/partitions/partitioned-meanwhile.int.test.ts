import type { QueryRunner } from 'typeorm';
import { ensureIndex } from '../migration/ensure-index';
import { attachRun } from '../migration/run-context';
import { openScratch, type Scratch } from '../test/scratch';
import { createVisits, readTree } from '../test/visits';

const PAGE = { table: 'visits', name: 'idx_visits_page', keys: ['"page"'] };

/** More than a build takes by far; a loop that does not end is ended by this. */
const MOST_STATEMENTS = 1_000;

describe('the index of a partitioned table, changed by somebody else while it is built', () => {
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    attachRun(runner, { report: () => undefined });
    await createVisits(runner);
  });

  afterEach(async () => {
    await runner.release();
    await scratch.close();
  });

  /** Somebody else does this right after the index of the n-th partition was attached. */
  const meanwhile = (n: number, statement: string) => {
    const query = runner.query.bind(runner);
    let [sent, attached] = [0, 0];
    runner.query = async (...args: Parameters<QueryRunner['query']>) => {
      sent += 1;
      if (sent > MOST_STATEMENTS) throw new Error('it would never end');
      const result = await query(...args);
      if (/ATTACH PARTITION/.test(args[0])) attached += 1;
      if (/ATTACH PARTITION/.test(args[0]) && attached === n) await scratch.dataSource.query(statement);
      return result;
    };
  };

  it.each([1, 5])(
    'is dropped after %s of 5 partitions: fails and says so, and the next run builds it',
    async (n) => {
      meanwhile(n, 'drop index idx_visits_page');
      await expect(ensureIndex(runner, PAGE)).rejects.toMatchObject({
        code: 'HOLDFAST_INDEX_BUILD_FAILED',
        message: 'index idx_visits_page on visits was not built: it was dropped or renamed meanwhile',
      });
      await ensureIndex(runner, PAGE);
      expect((await readTree(runner)).filter((line) => line.includes('idx_visits_page on visits'))).toEqual([
        'idx_visits_page on visits',
      ]);
    },
  );

  it.each([1, 5])('is renamed after %s of 5 partitions: fails and says so', async (n) => {
    meanwhile(n, 'alter index idx_visits_page rename to somebodys');
    await expect(ensureIndex(runner, PAGE)).rejects.toMatchObject({
      message: 'index idx_visits_page on visits was not built: it was dropped or renamed meanwhile',
    });
  });

  it('goes with its table: fails and says so', async () => {
    meanwhile(2, 'drop table visits');
    await expect(ensureIndex(runner, PAGE)).rejects.toMatchObject({
      message: 'index idx_visits_page on visits was not built: it was dropped or renamed meanwhile',
    });
  });
});
