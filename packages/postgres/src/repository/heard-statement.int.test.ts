import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import type { DataSource, EntityManager, EntitySubscriberInterface, Logger, QueryRunner } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import { ITEM_TABLE, Item, openItems } from '../test/items';
import { rejection } from '../test/settings';
import { addSubscriber } from '../test/subscribers';
import { withClient } from '../test/transfers';
import { watchStatements } from './pass-statement';
import { createRepository } from './repository';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
  await withClient(server.url, async (client) => {
    await client.query(ITEM_TABLE);
    await client.query(`INSERT INTO item VALUES (1, 10, 'one', 'x', NULL)`);
  });
});
afterAll(() => server?.stop());

/** By TypeORM's own hand, and by a repository: the same question. */
const TEXT = 'SELECT * FROM item WHERE id = $1 AND pg_sleep(0.02) IS NOT NULL';
const REFUSED = 'SELECT * FROM item WHERE size / $1 = 1';
type Ask = (manager: EntityManager, text: string, values: unknown[]) => Promise<unknown>;
const ASKING: readonly (readonly [string, Ask])[] = [
  ['TypeORM', (manager, text, values) => manager.query(text, values)],
  ['a repository', (manager, text, values) => createRepository(manager, Item).query(text, values)],
];

type Told = readonly [call: string, ...facts: unknown[]];

function listenAsLogger(dataSource: DataSource): Told[] {
  const told: Told[] = [];
  const nothing = () => {};
  const logger: Logger = {
    logQuery: (text, values, runner) => told.push(['query', text, values, runner !== undefined]),
    logQueryError: (error, text, values) => told.push(['error', (error as Error).message, text, values]),
    logQuerySlow: (elapsedMs, text, values) => told.push(['slow', elapsedMs >= 15, text, values]),
    logSchemaBuild: nothing,
    logMigration: nothing,
    log: nothing,
  };
  dataSource.logger = logger;
  return told;
}

function listenAsSubscriber(dataSource: DataSource): Told[] {
  const told: Told[] = [];
  dataSource.setOptions({ maxQueryExecutionTime: 0 });
  const subscriber: EntitySubscriberInterface = {
    beforeQuery: async ({ query, parameters, queryRunner }) => {
      const isConnected = queryRunner.manager.queryRunner === queryRunner;
      told.push(['before', query, parameters, isConnected]);
    },
    afterQuery: ({ query, parameters, success, error, rawResults }) => {
      const { rows } = (rawResults as { rows?: unknown[] } | undefined) ?? {};
      told.push(['after', query, parameters, success, (error as Error | undefined)?.message, rows?.length]);
    },
  };
  addSubscriber(dataSource, subscriber);
  return told;
}

/** A question that is slow, and one that is refused, on a connection of the manager's own and without one. */
async function askAll(dataSource: DataSource, ask: Ask): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    for (const manager of [dataSource.manager, runner.manager]) {
      await ask(manager, TEXT, [1]);
      expect(await rejection(ask(manager, REFUSED, [0]))).toMatchObject({ driverError: { code: '22012' } });
    }
  } finally {
    await runner.release();
  }
}

async function listTold(listen: (dataSource: DataSource) => Told[], ask: Ask): Promise<readonly Told[]> {
  await using source = await openItems(server.url, { max: 1 }, { typeorm: { maxQueryExecutionTime: 10 } });
  const told = listen(source.dataSource);
  await askAll(source.dataSource, ask);
  expect(readPoolStats(source.dataSource)).toMatchObject({ used: 0 });
  return told;
}

describe('a statement of a repository', () => {
  const [[, asTypeOrm], [, asRepository]] = ASKING as [readonly [string, Ask], readonly [string, Ask]];

  it('is told to the logger of the DataSource as one of TypeORM is', async () => {
    const told = await listTold(listenAsLogger, asRepository);
    const expected = await listTold(listenAsLogger, asTypeOrm);
    expect(expected.map(([call]) => call)).toEqual([
      'query',
      'slow',
      'query',
      'error',
      'query',
      'slow',
      'query',
      'error',
    ]);
    // Without a connection of its own, TypeORM makes a query runner for one statement.
    const withoutRunner = told.map(([call, ...facts]) =>
      call === 'query' ? [call, ...facts.slice(0, 2), true] : [call, ...facts],
    );
    expect(withoutRunner).toEqual(expected);
  });

  it('is told to subscribers of queries as one of TypeORM is', async () => {
    const told = await listTold(listenAsSubscriber, asRepository);
    expect(told).toHaveLength(8);
    expect(told).toEqual(await listTold(listenAsSubscriber, asTypeOrm));
  });

  it.each(ASKING)('waits for what a subscriber does first: %s', async (_, ask) => {
    await using source = await openItems(server.url, { max: 1 });
    const { dataSource } = source;
    addSubscriber(dataSource, { beforeQuery: () => Promise.reject(new RangeError('not now')) });
    await expect(ask(dataSource.manager, TEXT, [1])).rejects.toThrow('not now');
    expect(readPoolStats(dataSource)).toMatchObject({ used: 0 });
  });

  it.each(ASKING)('is an operation among the events of the DataSource: %s', async (_, ask) => {
    await using source = await openItems(server.url);
    const operations: unknown[] = [];
    readEvents(source.dataSource).on('operation', ({ text, operation, rowCount, error }) => {
      operations.push([text, operation, rowCount, (error as Error | undefined)?.message]);
    });
    await ask(source.dataSource.manager, TEXT, [1]);
    await rejection(ask(source.dataSource.manager, REFUSED, [0]));
    expect(operations).toEqual([
      [TEXT, 'SELECT', 1, undefined],
      [REFUSED, 'SELECT', undefined, 'division by zero'],
    ]);
  });

  it.each(ASKING)(
    'is refused by a query runner that was released, and takes no connection: %s',
    async (_, ask) => {
      await using source = await openItems(server.url, { max: 1 });
      const runner = source.dataSource.createQueryRunner();
      await runner.release();
      const error = await rejection(ask(runner.manager, TEXT, [1]));
      expect(error).toMatchObject({ name: expect.stringMatching(/AlreadyReleasedError$/) });
      expect(readPoolStats(source.dataSource)).toMatchObject({ used: 0 });
    },
  );
});

describe('who watches the statements of a query runner', () => {
  async function withRunner(work: (runner: QueryRunner) => Promise<void>): Promise<void> {
    await using source = await openItems(server.url);
    const runner = source.dataSource.createQueryRunner();
    try {
      await work(runner);
    } finally {
      await runner.release();
    }
  }

  it('sees those of repositories and those of TypeORM, each before it is sent, until it ends', () =>
    withRunner(async (runner) => {
      const [first, second]: [string[], string[]] = [[], []];
      const endFirst = watchStatements(runner, (text) => first.push(text));
      const endSecond = watchStatements(runner, (text) => second.push(text));
      for (const [, ask] of ASKING) await ask(runner.manager, TEXT, [1]);
      endSecond();
      for (const [, ask] of ASKING) await ask(runner.manager, TEXT, [1]);
      endFirst();
      for (const [, ask] of ASKING) await ask(runner.manager, TEXT, [1]);
      expect([first, second]).toEqual([
        [TEXT, TEXT, TEXT, TEXT],
        [TEXT, TEXT],
      ]);
    }));

  it('lets nothing through where it throws', () =>
    withRunner(async (runner) => {
      const end = watchStatements(runner, () => {
        throw new RangeError('no');
      });
      const work = createRepository(runner.manager, Item).update(1, { size: 99 });
      await expect(work).rejects.toThrow('no');
      end();
      await expect(createRepository(runner.manager, Item).findById(1)).resolves.toMatchObject({ size: 10 });
    }));
});
