import { randomUUID } from 'node:crypto';
import { readLog } from '../log/read-log';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { appendToStreams } from './append-to-streams';
import type { EventQuery } from './event-query';
import { readByQuery } from './read-by-query';
import type { AppendCondition } from './streams-append-request';

describe('what a reader has seen', () => {
  let database: OpenDatabase;

  beforeEach(async () => {
    database = await openDatabase();
  });

  afterEach(() => database.close());

  const tag = 'account:1';
  const query: EventQuery = [{ tags: [tag] }];
  const add = (condition?: AppendCondition) =>
    appendToStreams(database.dataSource.manager, {
      streams: [
        {
          aggregateType: 'account',
          aggregateId: randomUUID(),
          expectedVersion: 0,
          events: [{ eventType: 'account.changed', payload: {}, tags: [tag] }],
        },
      ],
      ...(condition && { condition }),
    });
  const tamper = (after: string, change: (token: unknown[]) => void): string => {
    const token = JSON.parse(Buffer.from(after, 'base64url').toString('utf8'));
    change(token);
    return Buffer.from(JSON.stringify(token)).toString('base64url');
  };

  it('holds events that were taken over from another cluster, where transactions had later ids', async () => {
    for (let n = 0; n < 3; n++) await add();
    await database.dataSource.query(`update events set transaction_id = '999999999999'`);
    const first = await readByQuery(database.dataSource.manager, query, { limit: 2 });
    const cursor = first.nextCursor as string;
    const second = await readByQuery(database.dataSource.manager, query, { limit: 2, cursor });
    expect([first.events.length, second.events.length]).toEqual([2, 1]);
    await expect(add({ query, after: second.after })).resolves.toMatchObject({ appended: true });
  });

  it('tells nobody where the server stands, nor since when it runs', async () => {
    const { after } = await readByQuery(database.dataSource.manager, query);
    const [facts] = await database.dataSource.query(
      `select host(inet_server_addr()) as address, floor(extract(epoch from pg_postmaster_start_time()))::text as start`,
    );
    const { cursor } = await readLog(database.dataSource, { keyHash: Buffer.alloc(32) });
    for (const token of [after, cursor]) {
      const text = Buffer.from(token, 'base64url').toString('utf8');
      for (const fact of Object.values<string>(facts)) expect(text.includes(fact)).toBe(false);
    }
  });

  // After a crash ids of transactions and positions may be given out again: the token would take new events for seen ones.
  it('does not count in another run of the server', async () => {
    const { after } = await readByQuery(database.dataSource.manager, query);
    const elsewhere = tamper(after, (token) => {
      token[1] = '999999999999:999999999999:';
      token[5] = 'another run';
    });
    await expect(add({ query, after: elsewhere })).resolves.toMatchObject({ appended: true });
    await expect(add({ query, after: elsewhere })).rejects.toMatchObject({
      code: 'HOLDFAST_CONDITION_FAILED',
    });
  });

  it.each([
    ['ends before it begins', '9:8:'],
    ['has a transaction that is not between', '5:8:9'],
    ['has them in another order', '5:8:7,6'],
    ['begins with none', '0:8:'],
    ['holds an id that is none', '5:18446744073709551616:'],
  ])('is refused where its snapshot %s', async (_, snapshot) => {
    const { after } = await readByQuery(database.dataSource.manager, query);
    const broken = tamper(after, (token) => {
      token[1] = snapshot;
    });
    await expect(add({ query, after: broken })).rejects.toMatchObject({
      code: 'HOLDFAST_INVALID_APPEND',
      path: 'condition.after',
    });
  });

  // What is planned for a short range would read all of a long one.
  it('is not taken for recent once much was written since, though nobody has looked at the log here', async () => {
    const { dataSource } = database;
    const { after } = await dataSource.transaction((within) => readByQuery(within, query));
    const areRecent: unknown[] = [];
    jest.spyOn(dataSource.logger, 'logQuery').mockImplementation((statement, parameters) => {
      if (statement.includes('insert into events')) areRecent.push(parameters?.at(-1));
    });
    try {
      await add({ query: [{ tags: ['nothing'] }], after });
      await dataSource.query(`select setval('events_global_position_seq', 20000)`);
      await add({ query: [{ tags: ['nothing'] }], after });
    } finally {
      jest.restoreAllMocks();
    }
    expect(areRecent).toEqual([true, false]);
  });
});
