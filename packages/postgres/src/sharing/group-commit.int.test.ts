import {
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { readPhase } from '@holdfast/resilience/postgres';
import { QueryFailedError } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import { createReadSession, withReadSession } from '../replicas/read-session';
import { openItems } from '../test/items';
import { openLosingPooler } from '../test/losing-pooler';
import { rejection, settle, settleWithin, until } from '../test/settings';
import { withClient } from '../test/transfers';
import { createGroupCommit, type GroupCommit, type GroupCommitOptions } from './group-commit';

const STAGE = `
  DROP TABLE IF EXISTS note, kind;
  CREATE TABLE kind (id integer PRIMARY KEY);
  INSERT INTO kind SELECT n FROM generate_series(0, 100) AS n;
  CREATE TABLE note (
    id integer PRIMARY KEY, kind integer NOT NULL REFERENCES kind DEFERRABLE INITIALLY DEFERRED,
    tenant text NOT NULL DEFAULT coalesce(current_setting('app.tenant', true), 'none'),
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(), ratio integer NOT NULL, at timestamptz NOT NULL DEFAULT now()
  )`;

const INSERT = 'INSERT INTO note (id, kind, ratio) VALUES ($1, $2, 100 / $3::integer) RETURNING id, tenant';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() => withClient(server.url, (client) => client.query(STAGE)));

interface Note {
  readonly id: number;
  readonly tenant: string;
  readonly transaction: string;
}

const readNotes = (): Promise<Note[]> =>
  withClient(server.url, async (client) => {
    const { rows } = await client.query(
      'SELECT id, tenant, transaction::text FROM note WHERE id > 0 ORDER BY id',
    );
    return rows;
  });
const readIds = async () => (await readNotes()).map(({ id }) => id);
const of = (tenant: string) => ({ settings: { 'app.tenant': tenant } });

/** Inserts notes of these ids; one of a kind that is not there has a kind of its own, and a ratio of zero fails at once. */
const write = (group: GroupCommit, id: number, { kind = 1, ratio = 1, options = {} } = {}) =>
  group.run<Note>(INSERT, [id, kind, ratio], options);
const writeAll = (group: GroupCommit, ids: readonly number[]) =>
  Promise.all(ids.map((id) => write(group, id, { options: of(`t${id}`) })));

/** A group whose connections have prepared the statement. */
async function openWarm(
  url = server.url,
  { max = 1, ...options }: GroupCommitOptions & { max?: number } = {},
) {
  const source = await openItems(url, { max, min: max });
  const group = createGroupCommit(source.dataSource, options);
  let id = 0;
  const isWarm = async () => {
    await Promise.all(Array.from({ length: max }, () => write(group, --id, { options: of('warm') })));
    return id < -3 * max;
  };
  await until(isWarm);
  const statements: { readonly rowCount: number | undefined; readonly requestId: string | undefined }[] = [];
  readEvents(source.dataSource).on('operation', ({ rowCount, requestId }) =>
    statements.push({ rowCount, requestId }),
  );
  return { ...source, group, statements };
}

describe('statements of one turn', () => {
  it('are one transaction, each under its own settings, and each has its own answer', async () => {
    await using warm = await openWarm();
    const answers = await writeAll(warm.group, [1, 2, 3]);
    expect(answers).toEqual([1, 2, 3].map((id) => ({ rows: [{ id, tenant: `t${id}` }], rowCount: 1 })));
    const notes = await readNotes();
    expect(notes.map(({ id, tenant }) => [id, tenant])).toEqual([
      [1, 't1'],
      [2, 't2'],
      [3, 't3'],
    ]);
    expect(new Set(notes.map(({ transaction }) => transaction)).size).toBe(1);
    expect(warm.statements).toEqual([{ rowCount: 3, requestId: undefined }]);
  });

  it('are one write and one Sync', async () => {
    await using proxy = await openProxy(server);
    await using warm = await openWarm(proxy.urlThrough(server.url));
    await writeAll(warm.group, [8, 9]);
    const sent: string[] = [];
    const answered: string[] = [];
    proxy.onMessage(({ direction, type }) => {
      (direction === 'frontend' ? sent : answered).push(type);
      return undefined;
    });
    await writeAll(warm.group, [1, 2]);
    // BEGIN, how long they wait for locks, when constraints are checked, then for each its setting and itself, and COMMIT.
    expect(sent.join('')).toBe('BEBEBEBEBEBEBEBES');
    expect(answered.filter((type) => type === 'Z')).toHaveLength(1);
  });

  it('bring no warning, neither to the client nor into the log of the server', async () => {
    await using warm = await openWarm();
    const notices: unknown[] = [];
    const runner = warm.dataSource.createQueryRunner();
    (await runner.connect()).on('notice', ({ message }: Error) => notices.push(message));
    await runner.release();
    await writeAll(warm.group, [1, 2, 3]);
    await Promise.all([4, 4, 5].map((id) => settle(write(warm.group, id))));
    expect(notices).toEqual([]);
  });

  it('leave no setting behind, neither theirs nor how long they wait for locks', async () => {
    await using warm = await openWarm();
    await writeAll(warm.group, [1, 2]);
    const [left] = await warm.dataSource.query(
      `SELECT current_setting('app.tenant', true) AS tenant, current_setting('lock_timeout') AS wait`,
    );
    expect(left).toEqual({ tenant: '', wait: '0' });
  });

  it('need no settings', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const group = createGroupCommit(source.dataSource);
    for (const id of [1, 2, 3]) await write(group, id);
    await Promise.all([4, 5].map((id) => write(group, id)));
    const notes = await readNotes();
    expect(notes.map(({ tenant }) => tenant)).toEqual(notes.map(() => 'none'));
    expect(notes[3]?.transaction).toBe(notes[4]?.transaction);
  });

  it('go out as soon as they are as many as may go together', async () => {
    await using warm = await openWarm(server.url, { maxBatchSize: 2 });
    await writeAll(warm.group, [1, 2, 3, 4, 5]);
    expect(warm.statements.map(({ rowCount }) => rowCount)).toEqual([2, 2, 1]);
  });

  it('are applied on connections that have prepared nothing yet', async () => {
    await using source = await openItems(server.url);
    await writeAll(createGroupCommit(source.dataSource), [1, 2, 3]);
    expect(await readIds()).toEqual([1, 2, 3]);
  });

  it('keep the values that they were given', async () => {
    await using warm = await openWarm();
    const bytes = Buffer.from('7');
    const text = 'SELECT convert_from($1::bytea, $2) AS text';
    for (let use = 0; use < 3; use += 1) await warm.group.run(text, [bytes, 'UTF8']);
    const asked = Promise.all([warm.group.run(text, [bytes, 'UTF8']), warm.group.run(text, [bytes, 'UTF8'])]);
    bytes.write('8');
    for (const { rows } of await asked) expect(rows).toEqual([{ text: '7' }]);
  });

  it('answer with rows as node-postgres parses them', async () => {
    await using warm = await openWarm();
    const text = `SELECT $1::int AS n, 'infinity'::timestamptz AS "always", '2026-01-02 03:04:05.678+00'::timestamptz AS at, '{1,2}'::int[] AS list,
      '{"a": 1}'::jsonb AS json, null::text AS nothing, 12::bigint AS big, true AS yes, 1.5::numeric AS exact`;
    const expected = (await warm.dataSource.query(text, [1]))[0];
    for (let use = 0; use < 3; use += 1) {
      const { rows } = await warm.group.run(text, [1]);
      expect(rows).toEqual([expected]);
    }
    const both = await Promise.all([warm.group.run(text, [1]), warm.group.run(text, [1])]);
    for (const { rows, rowCount } of both)
      expect({ rows, rowCount }).toEqual({ rows: [expected], rowCount: 1 });
  });

  it('answer with columns of any name', async () => {
    await using warm = await openWarm();
    const { rows } = await warm.group.run('SELECT $1::int AS "__proto__", $1::int AS twice, 2 AS twice', [1]);
    expect(Object.entries(rows[0] ?? {})).toEqual([
      ['__proto__', 1],
      ['twice', 2],
    ]);
  });

  it('see what those before them wrote', async () => {
    await using warm = await openWarm();
    const text =
      'INSERT INTO note (id, kind, ratio) SELECT $1, 1, count(*)::int FROM note WHERE id > 0 RETURNING ratio';
    for (let id = -100; id < -97; id += 1) await warm.group.run(text, [id]);
    const answers = await Promise.all([1, 2, 3].map((id) => warm.group.run<{ ratio: number }>(text, [id])));
    expect(answers.map(({ rows }) => rows[0]?.ratio)).toEqual([0, 1, 2]);
  });

  it('are told to the logger of the DataSource, and to the read session of each caller', async () => {
    await using warm = await openWarm();
    const logged: unknown[] = [];
    const { logger } = warm.dataSource;
    warm.dataSource.logger = Object.assign(Object.create(logger), {
      logQuery: (_text: string, values: unknown[]) => logged.push(values[0]),
    });
    const sessions = [createReadSession(), createReadSession()];
    await Promise.all(
      sessions.map((session, at) => withReadSession(session, () => write(warm.group, at + 1))),
    );
    expect(logged).toEqual([1, 2]);
    expect(sessions.map(({ needsPrimary }) => needsPrimary)).toEqual([true, true]);
  });

  it('name the request of one that went alone', async () => {
    await using warm = await openWarm();
    await write(warm.group, 1, { options: { context: { requestId: 'r-1' } } });
    expect(warm.statements).toEqual([{ rowCount: 1, requestId: 'r-1' }]);
  });
});

describe('a statement that fails', () => {
  it.each([
    ['at once', { ratio: 0 }, '22012'],
    ['at COMMIT', { kind: 1_000 }, '23503'],
  ])('%s fails alone, and each of the others is applied once', async (_when, fault, code) => {
    await using warm = await openWarm();
    const answers = await Promise.all(
      [1, 2, 3, 4].map((id) => settle(write(warm.group, id, id === 2 ? fault : {}))),
    );
    expect(answers.map((answer) => answer === 'done')).toEqual([true, false, true, true]);
    expect(answers[1]).toBeInstanceOf(QueryFailedError);
    expect(answers[1]).toMatchObject({ driverError: { code }, parameters: [] });
    expect(await readIds()).toEqual([1, 3, 4]);
  });

  it.each([
    ['at once', { ratio: 0 }],
    ['at COMMIT', { kind: 1_000 }],
  ])('%s costs no connection', async (_when, fault) => {
    await using warm = await openWarm();
    const readPid = async () => (await warm.dataSource.query('SELECT pg_backend_pid() AS pid'))[0].pid;
    const pid = await readPid();
    await Promise.all([1, 2, 3].map((id) => settle(write(warm.group, id, id === 2 ? fault : {}))));
    expect(await readPid()).toBe(pid);
    await writeAll(warm.group, [4, 5]);
    expect(await readIds()).toEqual([1, 3, 4, 5]);
  });

  it('is the second of two that exclude each other', async () => {
    await using warm = await openWarm();
    const answers = await Promise.all([settle(write(warm.group, 1)), settle(write(warm.group, 1))]);
    expect(answers.filter((answer) => answer === 'done')).toHaveLength(1);
    expect(answers.find((answer) => answer !== 'done')).toMatchObject({ driverError: { code: '23505' } });
    expect(await readIds()).toEqual([1]);
  });

  it('is prepared anew where the table was changed, and applied once', async () => {
    await using warm = await openWarm();
    await withClient(server.url, (client) =>
      client.query('ALTER TABLE note ALTER tenant TYPE varchar(50), ADD more integer'),
    );
    await writeAll(warm.group, [1, 2, 3]);
    expect(await readIds()).toEqual([1, 2, 3]);
    await withClient(server.url, (client) => client.query('ALTER TABLE note DROP tenant'));
    for (const answer of await Promise.all([4, 5].map((id) => settle(write(warm.group, id))))) {
      expect(answer).toMatchObject({ driverError: { code: '42703' } });
    }
  });
});

describe('a statement that waits for a lock', () => {
  /** While somebody else has the place of note 2. */
  async function whileTaken(work: () => Promise<void>, end = 'ROLLBACK'): Promise<void> {
    await withClient(server.url, async (client) => {
      await client.query('BEGIN; INSERT INTO note (id, kind, ratio) VALUES (2, 1, 1)');
      await work();
      await client.query(end);
    });
  }
  const countWaiting = () =>
    withClient(server.url, async (client) => {
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
      );
      return rows[0].n as number;
    });

  it('waits by itself, and keeps none of the others', async () => {
    await using warm = await openWarm(server.url, { max: 3 });
    let waiting: Promise<unknown> = Promise.resolve();
    await whileTaken(async () => {
      const [first, second, third] = [1, 2, 3].map((id) => settle(write(warm.group, id)));
      expect(await Promise.all([first, third])).toEqual(['done', 'done']);
      waiting = second as Promise<unknown>;
      expect(await countWaiting()).toBe(1);
    });
    expect(await waiting).toBe('done');
    expect(await readIds()).toEqual([1, 2, 3]);
  });

  it('ends at its own deadline and is not applied, while the others are', async () => {
    await using warm = await openWarm(server.url, { max: 3, lockTimeoutMs: 10_000 });
    await whileTaken(async () => {
      // Near enough to each other to go together.
      const brief = settle(write(warm.group, 2, { options: { deadline: 1_100 } }));
      const others = [1, 3].map((id) => settle(write(warm.group, id, { options: { deadline: 2_000 } })));
      expect(await brief).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(await Promise.all(others)).toEqual(['done', 'done']);
      await until(async () => (await countWaiting()) === 0);
    });
    expect(await readIds()).toEqual([1, 3]);
    expect(readPoolStats(warm.dataSource).used).toBe(0);
  });

  it('closes no circle with one that waits for what it holds', async () => {
    await using warm = await openWarm(server.url, { max: 4 });
    const text = 'UPDATE note SET ratio = ratio + 1 WHERE id = $1';
    const ids = [-1, -2, -3, -4];
    for (let use = 0; use < 6; use += 1) await Promise.all(ids.map((id) => warm.group.run(text, [id])));
    // In one turn go those in order, in the next ones the others, on other connections.
    const rounds = Array.from({ length: 40 }, (_, round) => (round % 2 === 0 ? ids : ids.toReversed()));
    const asked: Promise<unknown>[] = [];
    for (const round of rounds) {
      asked.push(...round.map((id) => settle(warm.group.run(text, [id]))));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const answer of await Promise.all(asked)) expect(answer).toBe('done');
    const [{ sum }] = await warm.dataSource.query(
      'SELECT sum(ratio - 100)::int AS sum FROM note WHERE id = ANY($1)',
      [ids],
    );
    expect(sum).toBe((6 + 40) * ids.length);
  });

  it('fails with its backend, as one by itself does, and as all that were sent with it', async () => {
    await using warm = await openWarm(server.url, { max: 3, lockTimeoutMs: 60_000 });
    await whileTaken(async () => {
      const asked = [1, 2, 3].map((id) => settle(write(warm.group, id)));
      await until(async () => (await countWaiting()) === 1);
      await withClient(server.url, (client) =>
        client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`),
      );
      for (const answer of await Promise.all(asked)) {
        expect(answer).toMatchObject({ name: 'QueryFailedError', driverError: { code: '57P01' } });
      }
    });
    expect(await readIds()).toEqual([]);
    await writeAll(warm.group, [1, 2, 3]);
    expect(await readIds()).toEqual([1, 2, 3]);
  });
});

describe('statements whose connection is lost', () => {
  it('are each as unknown as one by itself, and sent no second time, when a pooler says so', async () => {
    await using pooler = await openLosingPooler(server);
    await using warm = await openWarm(pooler.urlThrough(server.url));
    pooler.loseAfter('marked');
    const text = `INSERT INTO note (id, kind, ratio, tenant) VALUES ($1, 1, 1, $2)`;
    for (let id = -100; id < -97; id += 1) await warm.group.run(text, [id, 'x']);
    const answers = await Promise.all([1, 2].map((id) => settle(warm.group.run(text, [id, 'marked']))));
    for (const answer of answers) {
      expect(answer).toMatchObject({ name: 'QueryFailedError', driverError: { code: '08P01' } });
      expect(readPhase(answer)).not.toBe('acquire');
    }
    expect(await readIds()).toEqual([1, 2]);
  });

  /** Writes two notes with a cut at one message. Returns how many messages were seen. */
  async function cut(at: number, verdict: 'cut-before' | 'cut-after'): Promise<number> {
    await withClient(server.url, (client) => client.query('TRUNCATE note'));
    await using proxy = await openProxy(server);
    await using warm = await openWarm(proxy.urlThrough(server.url));
    let seen = 0;
    proxy.onMessage((_message: ProxyMessage) => {
      seen += 1;
      return seen === at ? verdict : undefined;
    });
    const ids = [2 * at - 1, 2 * at];
    const answers = await Promise.all(ids.map((id) => settleWithin(20_000, write(warm.group, id))));
    const messages = seen;
    const applied = (await readIds()).filter((id) => ids.includes(id));
    // All or nothing, and whoever was told that it is done, or that it was not sent, was told the truth.
    expect([0, 2]).toContain(applied.length);
    for (const answer of answers) {
      if (answer === 'done') expect(applied).toEqual(ids);
      else if (readPhase(answer) === 'acquire') expect(applied).toEqual([]);
      else expect(answer).toMatchObject({ driverError: { code: expect.any(String) } });
    }
    return messages;
  }

  it.each(['cut-before', 'cut-after'] as const)(
    'at any message are applied once or not at all (%s)',
    async (verdict) => {
      let at = 1;
      while ((await cut(at, verdict)) >= at) at += 1;
      expect(at).toBeGreaterThan(15);
    },
  );
});

describe('createGroupCommit', () => {
  it.each<[string, object]>([
    ['an option', { size: 1 }],
    ['no batch', { maxBatchSize: 0 }],
    ['no wait', { lockTimeoutMs: 0 }],
  ])('refuses %s that there is not', async (_what, options) => {
    await using source = await openItems(server.url);
    expect(() => createGroupCommit(source.dataSource, options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });

  it.each<[string, (group: GroupCommit) => Promise<unknown>, object]>([
    ['that ends a transaction', (g) => g.run('COMMIT', []), { code: 'INVALID_OPTION' }],
    ['that is two', (g) => g.run('SELECT $1::int; COMMIT', [1]), { driverError: { code: '42601' } }],
    ['with an option', (g) => g.run(INSERT, [1, 1, 1], { limit: 1 } as object), { code: 'INVALID_OPTION' }],
    ['without values', (g) => g.run(INSERT, undefined as never), { code: 'INVALID_OPTION' }],
    ['without time', (g) => write(g, 1, { options: { deadline: 0 } }), { code: 'DEADLINE_EXCEEDED' }],
    [
      'with a setting',
      (g) => write(g, 1, { options: { settings: { work_mem: '1' } } }),
      { code: 'INVALID_OPTION' },
    ],
  ])('refuses a statement %s', async (_what, run, error) => {
    await using source = await openItems(server.url);
    const group = createGroupCommit(source.dataSource);
    const good = write(group, 2);
    expect(await rejection(run(group))).toMatchObject(error);
    expect(await good).toMatchObject({ rowCount: 1 });
    expect(await readIds()).toEqual([2]);
  });

  it('gives no connection to those who have waited too long', async () => {
    await using warm = await openWarm();
    const runner = warm.dataSource.createQueryRunner();
    await runner.connect();
    try {
      const asked = [1, 2].map((id) =>
        settleWithin(5_000, write(warm.group, id, { options: { deadline: 50 } })),
      );
      for (const answer of await Promise.all(asked)) {
        expect(['POOL_EXHAUSTED', 'DEADLINE_EXCEEDED']).toContain((answer as { code: string }).code);
      }
    } finally {
      await runner.release();
    }
    expect(await readIds()).toEqual([]);
  });
});
