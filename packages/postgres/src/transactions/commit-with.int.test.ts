import {
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { readPhase } from '@holdfast/resilience/postgres';
import pg from 'pg';
import type { EntityManager } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { readEvents } from '../data-source/pool-registry';
import type { OperationEvent, TransactionEvent } from '../events/postgres-events';
import { breakOnce } from '../test/faults';
import { compileProgram } from '../test/program';
import { rejection, settings, settle, settleWithin, until } from '../test/settings';
import {
  createTables,
  debit,
  openSource,
  readBalance,
  readBalances,
  resetTables,
  withClient,
} from '../test/transfers';
import type { LastWrite } from './last-write';
import { outcomeLedger } from './outcome-ledger';
import type { Transaction } from './transaction';
import { createUnitOfWork } from './unit-of-work';
import type { RunOptions, UnitOfWorkOptions } from './unit-of-work-options';

const LEDGER = outcomeLedger();
const QUICK = { retry: { baseDelayMs: 1 }, resolveMs: 20_000 };
const ONCE = { retry: { maxAttempts: 1 } };
const UNTOUCHED = Array(10).fill(100);
const DEBIT = 'UPDATE accounts SET balance = balance - $2::int WHERE id = $1';
const NOTE = 'INSERT INTO transfers VALUES ($1, $2) RETURNING id, amount';

describe('statements that go out with COMMIT', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
    await withClient(server.url, (client) =>
      client.query(`
        ${LEDGER.createStatement};
        CREATE TABLE child (account int REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED);
      `),
    );
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  /** Locks, debits and notes: the lock is one flight, what is written the other. */
  const transfer =
    (key: string, amount = 10) =>
    async (manager: EntityManager, { commitWith }: Transaction): Promise<readonly LastWrite[]> => {
      await manager.query('SELECT balance FROM accounts WHERE id = $1 FOR UPDATE', [1]);
      return [commitWith(DEBIT, [1, amount]), commitWith(NOTE, [key, amount])];
    };
  const countTransfers = () =>
    withClient(server.url, async (client) => {
      const { rows } = await client.query('SELECT count(*)::int AS count FROM transfers');
      return rows[0].count;
    });

  /** One connection behind a proxy, on which everything is prepared, with a witness unless the options forbid it. */
  async function open(options: UnitOfWorkOptions = {}) {
    const proxy = await openProxy(server);
    const source = await openSource(proxy.urlThrough(server.url), { min: 1, max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource, { ...QUICK, ...options });
    let isWatched = options.witness === false;
    const unwatch = proxy.onMessage(({ text }) => {
      isWatched ||= text?.includes('pg_current_xact_id') ?? false;
    });
    while (!isWatched) await unitOfWork.run((manager) => manager.query('SELECT 1'));
    unwatch();
    for (let use = 0; use < 3; use += 1) await unitOfWork.run(transfer(`warm-${use}`));
    await resetTables(server.url);
    const events: TransactionEvent[] = [];
    readEvents(source.dataSource).on('transaction', (event) => events.push(event));
    proxy.resetCounts();
    return {
      proxy,
      dataSource: source.dataSource,
      unitOfWork,
      events,
      async [Symbol.asyncDispose]() {
        await source[Symbol.asyncDispose]();
        await proxy.close();
      },
    };
  }

  describe('take', () => {
    it.each<[string, UnitOfWorkOptions, RunOptions]>([
      ['no proof', { witness: false }, {}],
      ['the witness', {}, {}],
      ['the ledger', { witness: false, ledger: LEDGER }, {}],
      ['a key', { witness: false }, { wasApplied: async () => true }],
      ['a deadline and settings', {}, { deadline: 60_000, settings: { 'app.tenant': 'x' } }],
    ])('one round trip with COMMIT, and BEGIN and a lock another (%s)', async (_name, options, run) => {
      await using scene = await open(options);
      // The settings and limits are new.
      await scene.unitOfWork.run(transfer('first'), run);
      scene.proxy.resetCounts();
      const sent: string[] = [];
      scene.proxy.onMessage(({ direction, text }) => {
        if (direction === 'backend' && text !== undefined) sent.push(text);
      });
      await scene.unitOfWork.run(transfer('second'), run);
      expect(scene.proxy.counts.roundTrips).toBe(2);
      expect(sent.at(0)).toBe('BEGIN');
      expect(sent.at(-1)).toBe('COMMIT');
      expect(await readBalance(server.url)).toBe(80);
    });

    it('two where there is nothing else: what proves a COMMIT is known before it is sent', async () => {
      await using scene = await open();
      await scene.unitOfWork.run(async (_manager, { commitWith }) => {
        commitWith(DEBIT, [1, 10]);
      });
      expect(scene.proxy.counts.roundTrips).toBe(2);
      expect(await readBalance(server.url)).toBe(90);
    });
  });

  it('are answered when the transaction is committed, and not before', async () => {
    await using scene = await open();
    let early: unknown;
    const told: OperationEvent[] = [];
    readEvents(scene.dataSource).on('operation', (event) => told.push(event));
    const [debited, noted] = await scene.unitOfWork.run(async (manager, transaction) => {
      const writes = await transfer('a')(manager, transaction);
      early = writes[1]?.answer;
      return writes;
    });
    expect(early).toBeUndefined();
    expect(debited?.answer).toEqual({ rows: [], rowCount: 1 });
    expect(noted?.answer).toEqual({ rows: [{ id: 'a', amount: 10 }], rowCount: 1 });
    expect(told.map(({ operation }) => operation)).toEqual(['BEGIN', 'SELECT', 'UPDATE', 'INSERT', 'COMMIT']);
  });

  it('are sent with the values that they were given with', async () => {
    await using scene = await open();
    const values: unknown[] = ['a', 10];
    const bytes = Buffer.from('a');
    const [, read] = await scene.unitOfWork.run(async (_manager, { commitWith }) => {
      const writes = [commitWith(NOTE, values), commitWith('SELECT $1::bytea AS bytes', [bytes])];
      values[0] = 'b';
      bytes[0] = 0;
      return writes;
    });
    expect(read?.answer?.rows).toEqual([{ bytes: Buffer.from('a') }]);
    expect(
      await withClient(server.url, async (client) => (await client.query('TABLE transfers')).rows),
    ).toEqual([{ id: 'a', amount: 10 }]);
  });

  it('are never sent where the work fails, or leaves a savepoint open', async () => {
    await using scene = await open();
    const failure = new Error('no');
    const failing = scene.unitOfWork.run(async (_manager, { commitWith }) => {
      commitWith(DEBIT, [1, 10]);
      throw failure;
    });
    expect(await rejection(failing)).toBe(failure);
    const leaving = scene.unitOfWork.run(async (manager, { commitWith }) => {
      commitWith(DEBIT, [1, 10]);
      await manager.queryRunner?.startTransaction();
      await debit(manager, 2);
    });
    expect(await rejection(leaving)).toMatchObject({ code: 'TRANSACTION_CONTROL' });
    expect(await readBalances(server.url)).toEqual(UNTOUCHED);
  });

  it.each<[string, unknown[]]>([
    ['COMMIT', []],
    ['PREPARE TRANSACTION $1', ['x']],
    ['CALL something()', []],
    [5 as never, []],
    [DEBIT, 'values' as never],
  ])('are refused before anything is sent, where they are %j', async (text, values) => {
    await using scene = await open();
    const work = scene.unitOfWork.run(async (_manager, { commitWith }) => {
      commitWith(text, values);
    });
    expect(await rejection(work)).toMatchObject({ code: 'INVALID_OPTION' });
    expect(scene.proxy.counts.roundTrips).toBe(0);
  });

  it('are refused, with a value that cannot be sent, where they are given', async () => {
    await using scene = await open();
    const unsendable = {
      toPostgres: () => {
        throw new Error('not a value');
      },
    };
    await scene.unitOfWork.run(async (manager, { commitWith }) => {
      await debit(manager);
      expect(() => commitWith(DEBIT, [1, unsendable])).toThrow('not a value');
    });
    expect(await readBalance(server.url)).toBe(90);
  });

  it('are refused when the work is over', async () => {
    await using scene = await open();
    const transaction = await scene.unitOfWork.run(async (manager, own) => {
      await debit(manager);
      return own;
    });
    expect(() => transaction.commitWith(DEBIT, [1, 10])).toThrow(
      expect.objectContaining({ code: 'TRANSACTION_CONTROL' }),
    );
  });

  describe('of which one fails', () => {
    const FAILURES: [string, (readonly [string, unknown[]])[]][] = [
      [
        'the first',
        [
          [DEBIT, [1, 1_000]],
          [DEBIT, [2, 10]],
          [NOTE, ['a', 1]],
        ],
      ],
      [
        'one in the middle',
        [
          [DEBIT, [2, 10]],
          [DEBIT, [1, 1_000]],
          [NOTE, ['a', 1]],
        ],
      ],
      [
        'the last',
        [
          [DEBIT, [2, 10]],
          [NOTE, ['a', 1]],
          [DEBIT, [1, 1_000]],
        ],
      ],
    ];

    it.each(FAILURES)('are all rolled back, and the connection goes on (%s)', async (_which, writes) => {
      await using scene = await open({ ...ONCE });
      const readPid = (manager: EntityManager) => manager.query('SELECT pg_backend_pid() AS pid');
      const pid = await scene.unitOfWork.run(readPid);
      const error = await rejection(
        scene.unitOfWork.run(async (manager, { commitWith }) => {
          await debit(manager, 3);
          return writes.map(([text, values]) => commitWith(text, values));
        }),
      );
      expect(error).toMatchObject({ name: 'QueryFailedError', code: '23514', query: DEBIT });
      expect(readPhase(error)).toBe('in-transaction');
      expect(scene.events.at(-1)).toMatchObject({ outcome: 'rolled-back', attempts: 1 });
      expect(await readBalances(server.url)).toEqual(UNTOUCHED);
      expect(await countTransfers()).toBe(0);
      expect(await scene.unitOfWork.run(readPid)).toEqual(pid);
      await scene.unitOfWork.run(transfer('next'));
      expect(await readBalance(server.url)).toBe(90);
    });

    it('are rolled back at once, where a statement before them was swallowed', async () => {
      await using scene = await open();
      const error = await rejection(
        scene.unitOfWork.run(async (manager, { commitWith }) => {
          await settle(manager.query('SELECT 1 / 0'));
          commitWith(DEBIT, [1, 10]);
        }),
      );
      expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED', cause: { code: '22012' } });
      expect(await readBalance(server.url)).toBe(100);
    });

    it('are refused for what failed before them, which the work has not waited for', async () => {
      await using scene = await open();
      const error = await rejection(
        scene.unitOfWork.run(async (manager, { commitWith }) => {
          await debit(manager, 2);
          void settle(manager.query('SELECT 1 / 0'));
          commitWith(DEBIT, [1, 10]);
        }),
      );
      expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED', cause: { code: '22012' } });
      expect(await readBalances(server.url)).toEqual(UNTOUCHED);
    });

    it('tell the line of the program that gave it, and no value', async () => {
      await using scene = await open();
      const give = compileProgram<(transaction: Transaction) => void>(
        '/srv/app/orders.js',
        `(transaction) => {
           transaction.commitWith('UPDATE accounts SET balance = balance WHERE id = $1', [1]);
           transaction.commitWith('INSERT INTO transfers VALUES ($1, $2)', ['never-shown', 'x']);
         }`,
      );
      const error = await rejection(scene.unitOfWork.run(async (_manager, transaction) => give(transaction)));
      expect(error).toMatchObject({ query: 'INSERT INTO transfers VALUES ($1, $2)', code: '22P02' });
      expect(error.stack).toMatch(/\/srv\/app\/orders\.js:3:/);
      expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('never-shown');
    });

    it.each([
      ['a list of frames', (_error: Error, frames: NodeJS.CallSite[]) => frames],
      ['nothing', () => undefined],
      [
        'an error',
        () => {
          throw new Error('of the program');
        },
      ],
    ])('are answered when the program makes %s of a stack', async (_what, prepareStackTrace) => {
      await using scene = await open();
      const unprepared = Error.prepareStackTrace;
      const work = async (_manager: unknown, { commitWith }: Transaction) => {
        commitWith('INSERT INTO transfers VALUES ($1, $2)', ['a', 'x']);
        Error.prepareStackTrace = prepareStackTrace;
      };
      const outcome = await settleWithin(5_000, scene.unitOfWork.run(work)).finally(() => {
        Error.prepareStackTrace = unprepared;
      });
      expect(outcome).toMatchObject({ name: 'QueryFailedError', code: '22P02' });
    });

    it('are run again as a whole, where that may pass', async () => {
      await using scene = await open();
      await scene.unitOfWork.run(
        async (manager, { attempt, commitWith }) => {
          await manager.query('SELECT balance FROM accounts WHERE id = $1', [1]);
          if (attempt === 1) await withClient(server.url, (client) => client.query(DEBIT, [1, 5]));
          commitWith(DEBIT, [1, 10]);
          commitWith(NOTE, ['a', 10]);
        },
        { isolation: 'SERIALIZABLE' },
      );
      expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 2 }]);
      expect(await readBalance(server.url)).toBe(85);
      expect(await countTransfers()).toBe(1);
    });

    it('are refused with COMMIT, where it is that which the server refuses', async () => {
      await using scene = await open();
      const error = await rejection(
        scene.unitOfWork.run(async (_manager, { commitWith }) => {
          commitWith(DEBIT, [1, 10]);
          commitWith('INSERT INTO child VALUES ($1)', [99]);
        }),
      );
      expect(error).toMatchObject({ driverError: { code: '23503' } });
      expect(scene.events).toMatchObject([{ outcome: 'rolled-back' }]);
      expect(await readBalance(server.url)).toBe(100);
    });

    it('are told as read-only, where the unit of work is', async () => {
      await using scene = await open();
      const error = await rejection(
        scene.unitOfWork.run(async (_manager, { commitWith }) => void commitWith(DEBIT, [1, 10]), {
          readOnly: true,
        }),
      );
      expect(error).toMatchObject({ code: 'READ_ONLY_TRANSACTION' });
    });

    it('leave nothing behind, where it is the token of the ledger', async () => {
      await using source = await openSource(server.url);
      const ledger = outcomeLedger({ table: 'no_such_table' });
      const unitOfWork = createUnitOfWork(source.dataSource, { ...ONCE, witness: false, ledger });
      expect(await rejection(unitOfWork.run(transfer('a')))).toMatchObject({ code: 'OUTCOME_LEDGER' });
      expect(await readBalance(server.url)).toBe(100);
    });

    it('were not committed, where the server ended the session before COMMIT, and need no proof of it', async () => {
      await using scene = await open({ witness: false });
      await scene.unitOfWork.run(async (manager, { attempt, commitWith }) => {
        await debit(manager, 2);
        commitWith(DEBIT, [1, 10]);
        if (attempt === 1) commitWith('SELECT pg_terminate_backend(pg_backend_pid())');
        commitWith(NOTE, ['a', 10]);
      });
      expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 2 }]);
      expect(scene.events[0]?.resolvedBy).toBeUndefined();
      expect(await readBalances(server.url)).toEqual([90, 90, ...UNTOUCHED.slice(2)]);
    });

    it('leave no more statements on the connection than it may hold', async () => {
      const dataSource = createPostgresDataSource({
        url: server.url,
        pool: { ...settings, min: 1, max: 1 },
        applicationName: 'test',
        entities: [],
        migrations: [],
        maxPreparedStatements: 8,
      });
      await openDataSource(dataSource);
      try {
        const unitOfWork = createUnitOfWork(dataSource, { ...ONCE, witness: false });
        const note = (name: string, amount: number) =>
          unitOfWork.run(async (manager, { commitWith }) => {
            await debit(manager, 2);
            commitWith(DEBIT, [1, amount]);
            commitWith(`UPDATE accounts SET balance = $1 WHERE id = 3 AND '${name}' <> ''`, [100]);
          });
        for (let round = 0; round < 40; round += 1) {
          // What is used for the second time is prepared, and another closed in front of it: here neither is done.
          for (let use = 0; use < 2; use += 1) await rejection(note(`failing-${round}`, 1_000));
          for (let use = 0; use < 2; use += 1) await note(`done-${round}`, 0);
          await resetTables(server.url);
        }
        const [{ count }] = await dataSource.query(`
          SELECT count(*)::int AS count FROM pg_prepared_statements WHERE name NOT IN ('hf_begin', 'hf_commit')
        `);
        expect(count).toBe(8);
      } finally {
        await closeDataSource(dataSource);
      }
    });
  });

  describe('whose answers are lost', () => {
    const isCommitted = ({ direction, type, text }: ProxyMessage) =>
      direction === 'backend' && type === 'C' && text === 'COMMIT';
    const isLastWrite = ({ direction, type, text }: ProxyMessage) =>
      direction === 'backend' && type === 'C' && text === 'UPDATE 1';

    it('are found as committed by the witness: the work is not run again, and has no answers', async () => {
      await using scene = await open();
      const fault = breakOnce(scene.proxy, isCommitted, 'cut-before');
      const writes = await scene.unitOfWork.run(transfer('a'));
      expect(fault.done).toBe(true);
      expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 1, resolvedBy: 'witness' }]);
      expect(writes.map(({ answer }) => answer)).toEqual([undefined, undefined]);
      expect(await readBalance(server.url)).toBe(90);
    });

    it('are found as committed by the ledger', async () => {
      await using scene = await open({ witness: false, ledger: LEDGER });
      breakOnce(scene.proxy, isLastWrite, 'cut-before');
      await scene.unitOfWork.run(transfer('a'));
      expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 1, resolvedBy: 'token' }]);
      expect(await readBalance(server.url)).toBe(90);
    });

    it('are unknown, where nothing proves what became of them', async () => {
      await using scene = await open({ witness: false });
      breakOnce(scene.proxy, isLastWrite, 'cut-before');
      expect(await rejection(scene.unitOfWork.run(transfer('a')))).toMatchObject({
        code: 'AMBIGUOUS_OUTCOME',
        reason: 'no-proof',
      });
      expect(scene.events).toMatchObject([{ outcome: 'unknown' }]);
      expect(await readBalance(server.url)).toBe(90);
    });

    it('are not ended by a signal that comes when they are on their way', async () => {
      await using scene = await open();
      const controller = new AbortController();
      await withClient(server.url, async (other) => {
        await other.query('BEGIN; UPDATE accounts SET balance = balance WHERE id = 1');
        const running = settle(
          scene.unitOfWork.run(
            async (manager, { commitWith }) => {
              await debit(manager, 2);
              commitWith(DEBIT, [1, 10]);
            },
            { signal: controller.signal },
          ),
        );
        await until(async () => {
          const { rows } = await other.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
          return rows.length > 0;
        });
        controller.abort(new Error('too late'));
        await other.query('COMMIT');
        expect(await running).toBe('done');
      });
      expect(await readBalances(server.url)).toEqual([90, 90, ...UNTOUCHED.slice(2)]);
    });

    it('are found as rolled back, where one of them waits for a lock until the deadline', async () => {
      await using scene = await open();
      await withClient(server.url, async (other) => {
        await other.query('BEGIN; UPDATE accounts SET balance = balance WHERE id = 1');
        const error = await rejection(
          scene.unitOfWork.run(
            async (manager, { commitWith }) => {
              await debit(manager, 2);
              commitWith(DEBIT, [1, 10]);
            },
            { deadline: 300 },
          ),
        );
        expect(error.name).toMatch(/^(DeadlineExceeded|Retry)Error$/);
        await other.query('COMMIT');
      });
      await until(() =>
        withClient(server.url, async (client) => {
          const { rows } = await client.query(
            `SELECT FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE 'UPDATE accounts%' AND pid <> pg_backend_pid()`,
          );
          return rows.length === 0;
        }),
      );
      expect(await readBalances(server.url)).toEqual(UNTOUCHED);
    });
  });

  it('stay committed, where the program cannot read an answer', async () => {
    await using scene = await open();
    const MACADDR = 829;
    const parse = pg.types.getTypeParser(MACADDR);
    pg.types.setTypeParser(MACADDR, () => {
      throw new Error('cannot be read');
    });
    try {
      const [write] = await scene.unitOfWork.run(async (_manager, { commitWith }) => [
        commitWith(
          `UPDATE accounts SET balance = 90 WHERE id = $1 RETURNING '08:00:2b:01:02:03'::macaddr AS mac`,
          [1],
        ),
      ]);
      expect(() => write?.answer).toThrow('cannot be read');
    } finally {
      pg.types.setTypeParser(MACADDR, parse);
    }
    expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 1 }]);
    expect(await readBalance(server.url)).toBe(90);
  });

  it('let nothing be sent behind them: a statement that the work forgot comes before COMMIT, or never', async () => {
    await using scene = await open();
    for (let turns = 0; turns < 40; turns += 1) {
      await resetTables(server.url);
      let forgotten: Promise<unknown> | undefined;
      const later = async (manager: EntityManager) => {
        for (let turn = 0; turn < turns; turn += 1) await null;
        await debit(manager, 2);
      };
      await rejection(
        scene.unitOfWork.run(async (manager, { commitWith }) => {
          await debit(manager, 3);
          forgotten = settle(later(manager));
          commitWith(DEBIT, [1, 1_000]);
        }),
      );
      await forgotten;
      expect({ turns, balances: await readBalances(server.url) }).toEqual({ turns, balances: UNTOUCHED });
    }
  });
});
