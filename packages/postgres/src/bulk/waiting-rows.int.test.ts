import type { DataSource, QueryRunner } from 'typeorm';
import { Everything } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { rejection, settle } from '../test/settings';
import { insertMany } from './insert-many';

describe('rows that wait for a connection', () => {
  let database: BulkDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await openBulkDatabase();
    dataSource = database.dataSource;
  });

  beforeEach(() => dataSource.query('TRUNCATE "Odd"."Every Thing"'));

  afterAll(() => database?.[Symbol.asyncDispose]());

  const noon = '2026-11-26T12:00:00.000Z';
  const createRow = () => ({ timestamptz: new Date(noon), json: { a: 1 }, integers: [1], text: 'as it was' });

  it('are written as they were when the function was called', async () => {
    const row = createRow();
    const inserting = await whileNoneIsFree(async () => {
      const waiting = insertMany(dataSource, Everything, [row]);
      row.timestamptz.setTime(0);
      row.json.a = 2;
      row.integers.push(2);
      row.text = 'changed';
      return { waiting };
    });
    expect(await inserting.waiting).toEqual({ inserted: 1 });
    const { timestamptz, json, integers, text } = await dataSource.manager.findOneByOrFail(Everything, {});
    expect({ timestamptz, json, integers, text }).toEqual(createRow());
  });

  it('are refused without waiting', async () => {
    await whileNoneIsFree(async () => {
      const error = await rejection(insertMany(dataSource, Everything, [createRow(), { text: 'a\0b' }]));
      expect(error).toMatchObject({ name: 'BulkRowError', row: 2, column: 'text' });
    });
  });

  it('are not sent when the call was ended meanwhile', async () => {
    const controller = new AbortController();
    const { waiting } = await whileNoneIsFree(async () => {
      const { signal } = controller;
      const call = insertMany(dataSource, Everything, [createRow()], { signal });
      controller.abort(new Error('nobody waits any more'));
      return { waiting: settle(call) };
    });
    expect(await waiting).toMatchObject({ message: 'nobody waits any more' });
    expect(await dataSource.manager.count(Everything)).toBe(0);
  });

  it('control: nothing is written before there is a connection', async () => {
    const { waiting } = await whileNoneIsFree(async () => {
      const call = insertMany(dataSource, Everything, [createRow()]);
      let isSettled = false;
      void settle(call).then(() => {
        isSettled = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(isSettled).toBe(false);
      return { waiting: call };
    });
    expect(await waiting).toEqual({ inserted: 1 });
  });

  /** Holds all connections of the pool. */
  async function whileNoneIsFree<T>(work: () => Promise<T>): Promise<T> {
    const runners: QueryRunner[] = Array.from({ length: 4 }, () => dataSource.createQueryRunner());
    try {
      await Promise.all(runners.map((runner) => runner.connect()));
      return await work();
    } finally {
      await Promise.all(runners.map((runner) => runner.release()));
    }
  }
});
