import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { createDeadline } from '@holdfast/resilience';
import { Column, type DataSource, DeleteDateColumn, Entity, PrimaryColumn, QueryFailedError } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import { createRepository } from '../repository/repository';
import { Computed, Item, openItems } from '../test/items';
import { rejection, settle, settleWithin, until } from '../test/settings';
import { withClient } from '../test/transfers';
import { createSharedLookUps, type SharedLookUps } from './shared-look-ups';

/** Its label is what the setting says, and its row 5 cannot be read. */
const STAGE = `
  DROP VIEW IF EXISTS item; DROP TABLE IF EXISTS stored;
  CREATE TABLE stored (id integer PRIMARY KEY, size integer NOT NULL);
  INSERT INTO stored SELECT n, n * 10 FROM generate_series(1, 20) AS n;
  CREATE VIEW item AS
    SELECT id, CASE WHEN id = 5 THEN 1 / (id - 5) ELSE size END AS size,
      coalesce(current_setting('app.tenant', true), 'none') AS label, ''::text AS lower, NULL::timestamptz AS "deletedAt"
    FROM stored`;

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() => withClient(server.url, (client) => client.query(STAGE)));

/** The same columns of the same table, by other names. */
@Entity({ name: 'item' })
class ItemToo {
  @PrimaryColumn({ name: 'id', type: 'integer' })
  key!: number;

  @Column({ type: 'integer' })
  size!: number;

  @Column({ type: 'text' })
  label!: string;

  @Column({ type: 'text', default: '' })
  lower!: string;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt!: Date | null;
}

const of = (tenant: string) => ({ settings: { 'app.tenant': tenant } });
const askAll = (lookUps: SharedLookUps, ids: readonly number[], tenant = (id: number) => `t${id}`) =>
  Promise.all(ids.map((id) => lookUps.findOneBy(Item, { id: id }, of(tenant(id)))));

/** Look-ups whose one connection has prepared what they need. */
async function openWarm(url = server.url, max = 1) {
  const source = await openItems(url, { max });
  const lookUps = createSharedLookUps(source.dataSource);
  for (let use = 0; use < 3; use += 1) await lookUps.findOneBy(Item, { id: 1 }, of('warm'));
  const statements: { text: string; rowCount: number | undefined; requestId: string | undefined }[] = [];
  readEvents(source.dataSource).on('operation', ({ text, rowCount, requestId }) =>
    statements.push({ text, rowCount, requestId }),
  );
  return { ...source, lookUps, statements };
}

describe('look-ups of one turn', () => {
  it('find what a repository finds, by one statement, each under its own settings', async () => {
    await using warm = await openWarm();
    const found = await askAll(warm.lookUps, [1, 2, 99, 2, 3]);
    expect(found.map((item) => item && [item.id, item.size, item.label])).toEqual([
      [1, 10, 't1'],
      [2, 20, 't2'],
      null,
      [2, 20, 't2'],
      [3, 30, 't3'],
    ]);
    expect(warm.statements).toMatchObject([{ rowCount: 4, requestId: undefined }]);
    const single = await createRepository(warm.dataSource, Item).findById(1);
    expect({ ...found[0], label: single?.label }).toStrictEqual({ ...single });
    expect(found[0]).toBeInstanceOf(Item);
  });

  it('are one write, in which a setting that stays is set once', async () => {
    await using proxy = await openProxy(server);
    await using warm = await openWarm(proxy.urlThrough(server.url));
    const sent: string[] = [];
    proxy.onMessage(({ direction, type }) => {
      if (direction === 'frontend') sent.push(type);
    });
    await askAll(warm.lookUps, [1, 2, 3], (id) => (id < 3 ? 'a' : 'b'));
    expect(sent.join('')).toBe('BEBEBEBEBES');
  });

  it('leave no setting behind, and none to those that set nothing', async () => {
    await using warm = await openWarm();
    const answers = await Promise.all([
      warm.lookUps.findOneBy(Item, { id: 1 }, of('a')),
      warm.lookUps.findOneBy(Item, { id: 2 }),
      warm.lookUps.findOneBy(Item, { id: 3 }, of('b')),
      warm.lookUps.findOneBy(Item, { id: 4 }),
    ]);
    expect(answers.map((item) => item?.label)).toEqual(['a', '', 'b', '']);
    const [row] = await warm.dataSource.query(`SELECT current_setting('app.tenant', true) AS tenant`);
    expect(row).toEqual({ tenant: '' });
  });

  it('go out as soon as they are as many as may go together', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const lookUps = createSharedLookUps(source.dataSource, { maxBatchSize: 3 });
    for (let use = 0; use < 3; use += 1) await lookUps.findOneBy(Item, { id: 1 });
    const counts: (number | undefined)[] = [];
    readEvents(source.dataSource).on('operation', ({ rowCount }) => counts.push(rowCount));
    await Promise.all([1, 2, 3, 4, 6, 7, 8].map((id) => lookUps.findOneBy(Item, { id: id })));
    expect(counts).toEqual([3, 3, 1]);
  });

  it('are answered on a connection that has prepared nothing yet', async () => {
    await using source = await openItems(server.url);
    const found = await askAll(createSharedLookUps(source.dataSource), [1, 2, 3]);
    expect(found.map((item) => item?.label)).toEqual(['t1', 't2', 't3']);
  });

  it('fail each by itself: those before and behind are answered', async () => {
    await using warm = await openWarm();
    const answers = await Promise.all(
      [1, 5, 2, 5, 3].map((id) => settle(warm.lookUps.findOneBy(Item, { id: id }, of('a')))),
    );
    expect(answers.map((answer) => answer === 'done')).toEqual([true, false, true, false, true]);
    expect(answers[1]).toBeInstanceOf(QueryFailedError);
    expect(answers[1]).toMatchObject({ driverError: { code: '22012' }, parameters: [] });
    expect(readPoolStats(warm.dataSource)).toMatchObject({ total: 1 });
  });

  it('of two entities of one table are instances of their own', async () => {
    await using source = await openItems(server.url, { max: 1 }, { entities: [ItemToo] });
    const lookUps = createSharedLookUps(source.dataSource);
    for (let use = 0; use < 3; use += 1) await lookUps.findOneBy(Item, { id: 1 });
    const [one, other] = await Promise.all([
      lookUps.findOneBy(Item, { id: 1 }),
      lookUps.findOneBy(ItemToo, { key: 2 }),
    ]);
    expect(one).toBeInstanceOf(Item);
    expect(other).toBeInstanceOf(ItemToo);
    expect(other).toMatchObject({ key: 2, size: 20 });
  });

  it('are told to the logger of the DataSource, each of them', async () => {
    await using warm = await openWarm();
    const logged: unknown[] = [];
    const { logger } = warm.dataSource;
    warm.dataSource.logger = Object.assign(Object.create(logger), {
      logQuery: (_text: string, values: unknown) => logged.push(values),
    });
    await askAll(warm.lookUps, [1, 2]);
    expect(logged).toEqual([['1'], ['2']]);
  });

  it('name the request of one that went alone', async () => {
    await using warm = await openWarm();
    await warm.lookUps.findOneBy(Item, { id: 1 }, { context: { requestId: 'r-1' } });
    expect(warm.statements).toMatchObject([{ requestId: 'r-1' }]);
  });

  it('of a table that was changed are right, or fail by what is wrong', async () => {
    await using warm = await openWarm();
    const change = (text: string) => withClient(server.url, (client) => client.query(text));
    await change(`DROP VIEW item; CREATE VIEW item AS
      SELECT ''::text AS lower, 'new'::text AS label, id, 'n' || size AS size, NULL::timestamptz AS "deletedAt" FROM stored`);
    const found = await askAll(warm.lookUps, [1, 2, 3]);
    expect(found.map((item) => [item?.size, item?.label])).toEqual([
      ['n10', 'new'],
      ['n20', 'new'],
      ['n30', 'new'],
    ]);
    await change('DROP VIEW item');
    const answers = await Promise.all([1, 2].map((id) => settle(warm.lookUps.findOneBy(Item, { id: id }))));
    for (const answer of answers) expect(answer).toMatchObject({ driverError: { code: '42P01' } });
  });
});

describe('a look-up that is not answered', () => {
  /** While the table is locked. */
  async function whileLocked(work: () => Promise<void>): Promise<void> {
    await withClient(server.url, async (client) => {
      await client.query('BEGIN; LOCK TABLE stored');
      await work();
      await client.query('ROLLBACK');
    });
  }
  const countWaiting = async () =>
    withClient(server.url, async (client) => {
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
      );
      return rows[0].n as number;
    });

  it('ends at its own deadline, while the others wait on', async () => {
    await using warm = await openWarm();
    let others: Promise<unknown[]> = Promise.resolve([]);
    await whileLocked(async () => {
      const brief = settle(warm.lookUps.findOneBy(Item, { id: 1 }, { deadline: createDeadline(100) }));
      others = Promise.all(
        [2, 3].map((id) => settle(warm.lookUps.findOneBy(Item, { id: id }, { deadline: 20_000 }))),
      );
      expect(await brief).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(await countWaiting()).toBe(1);
    });
    expect(await others).toEqual(['done', 'done']);
  });

  it('is cancelled on the server when nobody waits any more, and its connection serves the next', async () => {
    await using warm = await openWarm();
    await whileLocked(async () => {
      const asked = [1, 2].map((id) => settle(warm.lookUps.findOneBy(Item, { id: id }, { deadline: 100 })));
      for (const answer of await Promise.all(asked))
        expect(answer).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      await until(async () => (await countWaiting()) === 0);
    });
    await until(() => readPoolStats(warm.dataSource).used === 0);
    expect(await warm.lookUps.findOneBy(Item, { id: 1 })).toMatchObject({ id: 1 });
  });

  it('fails with its connection, as all do that shared it, and the next ones are answered', async () => {
    await using warm = await openWarm();
    await whileLocked(async () => {
      const asked = Promise.all([1, 2, 3].map((id) => settle(warm.lookUps.findOneBy(Item, { id: id }))));
      await until(async () => (await countWaiting()) === 1);
      await withClient(server.url, (client) =>
        client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`),
      );
      for (const answer of await asked) {
        expect(answer).toBeInstanceOf(QueryFailedError);
        expect(answer).toMatchObject({ driverError: { code: '57P01' } });
      }
    });
    expect(await askAll(warm.lookUps, [1, 2])).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  it('is cancelled at its deadline where those without one go on elsewhere', async () => {
    await using source = await openItems(server.url, { max: 2 });
    const lookUps = createSharedLookUps(source.dataSource);
    await Promise.all([1, 2].map(() => source.dataSource.query('SELECT pg_sleep(0.05)')));
    let endless: Promise<unknown> = Promise.resolve();
    await whileLocked(async () => {
      const brief = settle(lookUps.findOneBy(Item, { id: 1 }, { deadline: 1_000 }));
      endless = settle(lookUps.findOneBy(Item, { id: 2 }));
      await until(async () => (await countWaiting()) === 2);
      expect(await brief).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      await until(async () => (await countWaiting()) === 1);
    });
    expect(await endless).toBe('done');
  });

  it('does not queue anew for what its connection has not prepared', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const lookUps = createSharedLookUps(source.dataSource);
    await source.dataSource.query('SELECT 1');
    const asked = [1, 2, 3, 4, 6, 7, 8, 9].map((id) =>
      settle(lookUps.findOneBy(Item, { id: id }, { deadline: 1_000 })),
    );
    const behind = source.dataSource.query('SELECT pg_sleep(1.5)');
    expect(await Promise.all(asked)).toEqual(asked.map(() => 'done'));
    await behind;
  });

  it('gets no connection in its time', async () => {
    await using warm = await openWarm();
    const runner = warm.dataSource.createQueryRunner();
    await runner.connect();
    try {
      const asked = [1, 2].map((id) =>
        settleWithin(5_000, warm.lookUps.findOneBy(Item, { id: id }, { deadline: 50 })),
      );
      for (const answer of await Promise.all(asked)) {
        expect(['POOL_EXHAUSTED', 'DEADLINE_EXCEEDED']).toContain((answer as { code: string }).code);
      }
    } finally {
      await runner.release();
    }
    expect(await warm.lookUps.findOneBy(Item, { id: 1 })).toMatchObject({ id: 1 });
  });
});

describe('createSharedLookUps', () => {
  let source: { readonly dataSource: DataSource } & AsyncDisposable;
  beforeAll(async () => {
    source = await openItems(server.url);
  });
  afterAll(() => source?.[Symbol.asyncDispose]());

  it.each<[string, () => unknown, object]>([
    [
      'an option',
      () => createSharedLookUps(source.dataSource, { size: 1 } as object),
      { code: 'INVALID_OPTION' },
    ],
    [
      'no batch',
      () => createSharedLookUps(source.dataSource, { maxBatchSize: 0 }),
      { code: 'INVALID_OPTION' },
    ],
  ])('refuses %s that there is not', (_what, create, error) => {
    expect(create).toThrow(expect.objectContaining(error));
  });

  it.each<[string, (lookUps: SharedLookUps) => Promise<unknown>, object]>([
    ['a value', (l) => l.findOneBy(Item, { size: 'x' }), { driverError: { code: '22P02' } }],
    ['a property', (l) => l.findOneBy(Item, { seize: 1 } as object), { code: 'INVALID_OPTION' }],
    ['nothing', (l) => l.findOneBy(Item, {}), { code: 'INVALID_OPTION' }],
    ['an entity', (l) => l.findOneBy(Computed, { id: 1 }), { name: 'UnsupportedEntityError' }],
    ['an option', (l) => l.findOneBy(Item, { id: 1 }, { limit: 1 } as object), { code: 'INVALID_OPTION' }],
    [
      'a setting',
      (l) => l.findOneBy(Item, { id: 1 }, { settings: { work_mem: '1' } }),
      { code: 'INVALID_OPTION' },
    ],
    ['a deadline', (l) => l.findOneBy(Item, { id: 1 }, { deadline: Number.NaN }), { code: 'INVALID_OPTION' }],
    ['the time', (l) => l.findOneBy(Item, { id: 1 }, { deadline: 0 }), { code: 'DEADLINE_EXCEEDED' }],
  ])('refuses a look-up for %s alone', async (_what, ask, error) => {
    const lookUps = createSharedLookUps(source.dataSource);
    const good = lookUps.findOneBy(Item, { id: 1 });
    expect(await rejection(ask(lookUps))).toMatchObject(error);
    expect(await good).toMatchObject({ id: 1 });
  });
});
