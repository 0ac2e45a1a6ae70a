import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { classify, readPhase } from '@holdfast/resilience/postgres';
import pg from 'pg';
import { readEvents } from '../data-source/pool-registry';
import { openItems } from '../test/items';
import { type Farewell, openLosingPooler } from '../test/losing-pooler';
import { settle, settleWithin } from '../test/settings';
import { withClient } from '../test/transfers';
import { createGroupCommit, type GroupCommit } from './group-commit';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());

const ask = <Row>(text: string): Promise<Row[]> =>
  withClient(server.url, async (client) => (await client.query(text)).rows);
beforeEach(() =>
  ask(`SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
       CREATE TABLE note (id integer, tenant text DEFAULT current_setting('app.tenant', true))`),
);

const of = (tenant: string) => ({ settings: { 'app.tenant': tenant } });
const INSERT = 'INSERT INTO note (id) VALUES ($1) RETURNING id, tenant';

/** A group of one connection, which has prepared the statement. */
async function openWarm(text: string, values: unknown[], { url = server.url, rest = {}, options = {} } = {}) {
  const source = await openItems(url, { max: 1, min: 1 }, rest);
  const group = createGroupCommit(source.dataSource);
  for (let use = 0; use < 4; use += 1) await group.run(text, values, options);
  return { ...source, group };
}

describe('statements whose server a pooler has lost, as it says itself', () => {
  const MARK = 'INSERT INTO note (id, tenant) VALUES ($1, $2)';
  const readCounts = () =>
    ask<{ id: number; times: number }>(
      'SELECT id, count(*)::int AS times FROM note WHERE id > 0 GROUP BY id ORDER BY id',
    );
  const write = (group: GroupCommit, id: number, options: object = {}) =>
    settleWithin(8_000, group.run(MARK, [id, 'marked'], options));

  async function lose(farewell: Farewell, work: (group: GroupCommit) => Promise<unknown[]>) {
    await using pooler = await openLosingPooler(server);
    await using warm = await openWarm(MARK, [-1, 'x'], { url: pooler.urlThrough(server.url) });
    pooler.loseAfter('marked', farewell);
    return await work(warm.group);
  }

  it.each<[string, Farewell]>([
    ['at once', {}],
    ['as an error', { severity: 'ERROR' }],
    ['and goes on', { severity: 'ERROR', next: 'go on' }],
    ['as the end, and goes on', { next: 'go on' }],
    ['after a deadline', { afterMs: 300 }],
    ['after a deadline, as an error', { afterMs: 300, severity: 'ERROR' }],
    ['after a deadline, and goes on', { afterMs: 300, severity: 'ERROR', next: 'go on' }],
  ])('may be applied, as each is told, and are sent no second time (%s)', async (_how, farewell) => {
    const answers = await lose(farewell, (group) =>
      Promise.all([1, 2].map((id) => write(group, id, { deadline: 150 + id }))),
    );
    for (const answer of answers) {
      expect(answer).toMatchObject({ name: 'QueryFailedError', driverError: { code: '08P01' } });
      expect(classify(answer, readPhase(answer)).applied).toBe('unknown');
    }
    expect(await readCounts()).toEqual([
      { id: 1, times: 1 },
      { id: 2, times: 1 },
    ]);
  });

  it.each<[string, Farewell]>([
    ['the end', { afterMs: 300 }],
    ['an error', { afterMs: 300, severity: 'ERROR' }],
  ])('may be applied where one is alone and its deadline has passed (%s)', async (_how, farewell) => {
    const [answer] = await lose(farewell, async (group) => [await write(group, 1, { deadline: 150 })]);
    expect(answer).toMatchObject({ name: 'QueryFailedError', driverError: { code: '08P01' } });
    expect(await readCounts()).toEqual([{ id: 1, times: 1 }]);
  });

  it('are told so soon, where it says nothing more', async () => {
    const farewell: Farewell = { severity: 'ERROR', next: 'say nothing' };
    const answers = await lose(farewell, (group) => Promise.all([write(group, 1), write(group, 2)]));
    for (const answer of answers) expect(answer).toMatchObject({ driverError: { code: '08P01' } });
  });
});

describe('statements that are one transaction', () => {
  it('have their deferred triggers run under their own settings', async () => {
    await ask(`
      CREATE TABLE audit (id integer, tenant text);
      CREATE FUNCTION note_audit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO audit VALUES (new.id, current_setting('app.tenant', true)); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER audited AFTER INSERT ON note
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_audit()`);
    await using warm = await openWarm(INSERT, [0], { options: of('warm') });
    await Promise.all([warm.group.run(INSERT, [1], of('a')), warm.group.run(INSERT, [2], of('b'))]);
    expect(await ask('SELECT id, tenant FROM audit WHERE id > 0 ORDER BY id')).toEqual([
      { id: 1, tenant: 'a' },
      { id: 2, tenant: 'b' },
    ]);
  });

  it('have their own settings, whatever one before them has set', async () => {
    await ask(`
      CREATE FUNCTION become(name text) RETURNS text LANGUAGE plpgsql AS $$
        DECLARE was constant text := current_setting('app.tenant', true);
        BEGIN IF name <> '' THEN PERFORM set_config('app.tenant', name, true); END IF; RETURN was; END $$`);
    const BECOME = 'SELECT become($1) AS was';
    await using warm = await openWarm(BECOME, ['x'], { options: of('warm') });
    const answers = await Promise.all(
      ['', 'other', ''].map((name) => warm.group.run<{ was: string }>(BECOME, [name], of('a'))),
    );
    expect(answers.map(({ rows }) => rows[0]?.was)).toEqual(['a', 'a', 'a']);
  });

  it('have each the time that the role gives a transaction', async () => {
    const SLEEP = 'SELECT pg_sleep($1)::text';
    await using warm = await openWarm(SLEEP, [0]);
    const setTimeout = async (value: string) => {
      await ask(`ALTER SYSTEM SET transaction_timeout = '${value}'`);
      await ask('SELECT pg_reload_conf()');
      const show = async () =>
        (await warm.dataSource.query('SHOW transaction_timeout'))[0].transaction_timeout;
      while ((await show()) !== value);
    };
    await setTimeout('700ms');
    try {
      const asked = [1, 2, 3, 4].map(() => settle(warm.group.run(SLEEP, [0.3])));
      expect(await Promise.all(asked)).toEqual(['done', 'done', 'done', 'done']);
    } finally {
      await setTimeout('0');
    }
  });

  it('are told as failed to listeners, where one of them has failed', async () => {
    await ask('CREATE UNIQUE INDEX ON note (id)');
    await using source = await openItems(server.url, { max: 1, min: 1 });
    const group = createGroupCommit(source.dataSource);
    for (let id = -4; id < 0; id += 1) await group.run(INSERT, [id]);
    const told: unknown[] = [];
    readEvents(source.dataSource).on('operation', ({ rowCount, error }) =>
      told.push([rowCount, (error as { code?: string } | undefined)?.code]),
    );
    await Promise.all([1, 2, 2].map((id) => settle(group.run(INSERT, [id]))));
    expect(told[0]).toEqual([undefined, '23505']);
    expect(told.slice(1)).toHaveLength(3);
    expect(told.slice(1)).toEqual(
      expect.arrayContaining([
        [1, undefined],
        [undefined, '23505'],
      ]),
    );
  });
});

describe('a statement', () => {
  it('that is several is refused, also where it has no values', async () => {
    await using source = await openItems(server.url);
    const group = createGroupCommit(source.dataSource);
    const answer = await settle(group.run('INSERT INTO note VALUES (1); COMMIT; SELECT 1 / 0', []));
    expect(answer).toMatchObject({ driverError: { code: '42601' } });
    expect(await ask('SELECT id FROM note')).toEqual([]);
  });

  it('whose answer a parser of the program does not take may be applied, and is', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const group = createGroupCommit(source.dataSource);
    const { INT4 } = pg.types.builtins;
    const parse = pg.types.getTypeParser(INT4);
    pg.types.setTypeParser(INT4, () => {
      throw new Error('not today');
    });
    try {
      const answer = await settle(group.run('INSERT INTO note (id) VALUES ($1) RETURNING id', [1]));
      expect(answer).toMatchObject({ name: 'QueryFailedError', message: 'not today' });
      expect(classify(answer, readPhase(answer)).applied).toBe('unknown');
    } finally {
      pg.types.setTypeParser(INT4, parse as (text: string) => unknown);
    }
    expect(await ask('SELECT id FROM note')).toEqual([{ id: 1 }]);
  });

  it('is never misread where a pooler has prepared it anew, by tables that have changed', async () => {
    await ask('CREATE TABLE wide (gone integer, secret text, shown text)');
    const ALL = 'INSERT INTO wide (secret, shown) VALUES ($1, $2) RETURNING *';
    await using warm = await openWarm(ALL, ['s', 'p'], { rest: { pooler: 'transaction-prepared' } });
    await ask('ALTER TABLE wide DROP gone, ADD added text');
    // What such a pooler does on another server connection.
    await ask(`CREATE FUNCTION prepare_anew() RETURNS void LANGUAGE plpgsql AS $$
      DECLARE held record;
      BEGIN
        FOR held IN SELECT name, statement FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO wide%' LOOP
          EXECUTE 'DEALLOCATE ' || held.name;
          EXECUTE 'PREPARE ' || held.name || ' (text, text) AS ' || held.statement;
        END LOOP;
      END $$`);
    await warm.dataSource.query('SELECT prepare_anew()');
    const row = { secret: 'S', shown: 'P', added: null };
    for (const { rows } of await Promise.all([1, 2].map(() => warm.group.run(ALL, ['S', 'P'])))) {
      expect(rows).toEqual([row]);
    }
    expect((await warm.group.run(ALL, ['S', 'P'])).rows).toEqual([row]);
  });
});

describe('statements among killed backends and deadlines that pass', () => {
  it.each(['read committed', 'serializable'])('are each applied as they were told (%s)', async (level) => {
    const database = new URL(server.url).pathname.slice(1);
    await ask(`ALTER DATABASE ${database} SET default_transaction_isolation = '${level}'`);
    await using source = await openItems(server.url, { max: 4, min: 4 });
    const group = createGroupCommit(source.dataSource, { lockTimeoutMs: 5 });
    const SLOW = 'INSERT INTO note (id) SELECT $1::int FROM pg_sleep($2) RETURNING id, tenant';
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([1, 2, 3, 4].map(() => group.run(SLOW, [-1, 0], of('warm'))));
    }
    const calls: { readonly id: number; readonly tenant: string; readonly answer: Promise<unknown> }[] = [];
    const endMs = performance.now() + 3_000;
    while (performance.now() < endMs) {
      for (let at = 0; at < 1 + Math.random() * 6; at += 1) {
        const id = calls.length + 1;
        const tenant = `t${id % 5}`;
        const deadline = Math.random() < 0.3 ? 2 + Math.random() * 20 : undefined;
        const sleeps = Math.random() < 0.2 ? 0.01 : 0;
        const asked = group.run(SLOW, [id, sleeps], { ...of(tenant), deadline });
        calls.push({
          id,
          tenant,
          answer: asked.then(
            ({ rows }) => rows,
            (error: unknown) => error,
          ),
        });
      }
      if (level === 'read committed' && Math.random() < 0.02) {
        await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name = 'items' ORDER BY random() LIMIT 1`);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
    }
    const answers = await Promise.all(calls.map(({ answer }) => answer));
    await ask(`ALTER DATABASE ${database} RESET default_transaction_isolation`);
    const written = await ask<{ id: number; tenant: string }>('SELECT id, tenant FROM note WHERE id > 0');
    const told = new Map<string, number>();
    for (const [at, { id, tenant }] of calls.entries()) {
      const rows = written.filter((row) => row.id === id);
      expect(rows.length).toBeLessThanOrEqual(1);
      for (const row of rows) expect(row).toEqual({ id, tenant });
      const answer = answers[at];
      const isDone = Array.isArray(answer);
      if (isDone) expect(answer).toEqual([{ id, tenant }]);
      else if (
        !['57P01', '08006'].includes(
          String((answer as { driverError?: { code?: string } }).driverError?.code),
        )
      ) {
        expect(answer).toMatchObject({
          code: expect.stringMatching(/^(?:DEADLINE_EXCEEDED|POOL_EXHAUSTED)$/),
        });
        expect(rows).toEqual([]);
      }
      if (isDone) expect(rows).toHaveLength(1);
      const kind = isDone ? 'done' : 'failed';
      told.set(kind, (told.get(kind) ?? 0) + 1);
    }
    expect(told.get('done')).toBeGreaterThan(50);
    expect(told.get('failed')).toBeGreaterThan(5);
  });
});
