import { readPoolStats } from '../data-source/read-pool-stats';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { rejection } from '../test/settings';
import { CopyFailedError } from './bulk-error';
import { copyRows } from './copy-rows';

describe('copyRows', () => {
  let database: BulkDatabase;

  beforeAll(async () => {
    database = await openBulkDatabase();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  const TABLE = { table: 'staging "x"', columns: ['n', 'some text', 'texts'] };

  it('brings any text into a table that lasts for the transaction, also when the rows are many chunks', async () => {
    const texts = ['plain', '', '\\N', 'a\tb\nc\rd\\', '"quoted"', '😀', 'NULL', '{}'];
    await database.dataSource.transaction(async (manager) => {
      await manager.query(
        'create temp table "staging ""x""" (n integer, "some text" text, texts text[]) on commit drop',
      );
      const rows = function* () {
        for (const [at, text] of texts.entries()) yield [String(at), text, [text, 'b']];
        for (let n = 100; n < 10_100; n += 1) yield [String(n), 'x'.repeat(50), []];
        yield ['99999', null, null];
      };
      expect(await copyRows(manager, TABLE, rows())).toBe(10_000 + texts.length + 1);
      const read = await manager.query(
        'select "some text" as text, texts from "staging ""x""" where n < 100 order by n',
      );
      expect(read).toEqual(texts.map((text) => ({ text, texts: [text, 'b'] })));
      expect(await manager.query('select * from "staging ""x""" where n = 99999')).toEqual([
        { n: 99999, 'some text': null, texts: null },
      ]);
    });
  });

  it('fails as a whole, without a value in the message, and leaves the connection usable', async () => {
    const runner = database.dataSource.createQueryRunner();
    try {
      await runner.query('create temp table "staging ""x""" (n integer, "some text" text, texts text[])');
      const failed = await copyRows(runner.manager, TABLE, [
        ['1', 'a', []],
        ['seven', 'b', []],
      ]).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CopyFailedError);
      expect(String(failed)).not.toContain('seven');
      expect(await runner.query('select from "staging ""x"""')).toEqual([]);
    } finally {
      await runner.query('drop table if exists "staging ""x"""');
      await runner.release();
    }
  });

  it('takes no connection for a query runner that was released', async () => {
    const runner = database.dataSource.createQueryRunner();
    await runner.release();
    const error = await rejection(copyRows(runner.manager, TABLE, [['1', 'a', []]]));
    expect(error).toMatchObject({ name: 'QueryRunnerAlreadyReleasedError' });
    expect(readPoolStats(database.dataSource).used).toBe(0);
  });
});
