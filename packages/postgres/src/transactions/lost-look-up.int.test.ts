import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { createDeadline, timeout } from '@holdfast/resilience';
import type { EntityManager } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import { breakOnce, isCommit } from '../test/faults';
import { rejection, settleWithin, until } from '../test/settings';
import { createTables, debit, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';
import type { RunOptions, UnitOfWorkOptions } from './unit-of-work-options';

const UNWATCHED = { retry: { baseDelayMs: 1 }, witness: false };
/** Far longer than every limit that these tests set. */
const LIMIT_MS = 15_000;

describe('finding out what became of a lost COMMIT', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  const transfer = async (manager: EntityManager) => {
    await debit(manager);
    await manager.query(`INSERT INTO transfers VALUES ('a', 10)`);
    return 'done';
  };
  const wasApplied = async (manager: EntityManager) => {
    const rows = await manager.query(`SELECT 1 FROM transfers WHERE id = 'a'`);
    return rows.length > 0;
  };

  /** Loses the answer to the first COMMIT, which the server has got. */
  async function loseAnswer(
    options: UnitOfWorkOptions,
    run: RunOptions,
    prepare: (proxy: Awaited<ReturnType<typeof openProxy>>) => void = () => {},
    work: (manager: EntityManager) => Promise<unknown> = transfer,
  ) {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 2 });
    const outcomes: string[] = [];
    readEvents(source.dataSource).on('transaction', ({ outcome }) => outcomes.push(outcome));
    const fault = breakOnce(proxy, isCommit, 'cut-after');
    prepare(proxy);
    try {
      const unitOfWork = createUnitOfWork(source.dataSource, { ...UNWATCHED, ...options });
      const result = await settleWithin(LIMIT_MS, unitOfWork.run(work, run));
      expect(fault.done).toBe(true);
      return { result, outcomes, used: readPoolStats(source.dataSource).used };
    } finally {
      proxy.thaw();
    }
  }

  it('succeeds where the look-up answers', async () => {
    expect(await loseAnswer({}, { wasApplied })).toMatchObject({ result: 'done', outcomes: ['committed'] });
  });

  it.each([
    ['rows', (manager: EntityManager) => manager.query(`SELECT 1 FROM transfers WHERE id = 'a'`)],
    ['no rows', (manager: EntityManager) => manager.query(`SELECT 1 FROM transfers WHERE id = 'b'`)],
    ['nothing', async () => undefined],
  ])(
    'does not take %s for an answer: it stays unknown, and nothing is applied twice',
    async (_name, answer) => {
      const { result } = await loseAnswer({}, { wasApplied: answer as typeof wasApplied });
      // No second look would mend it.
      expect(result).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'no-proof' });
      expect(await readBalance(server.url)).toBe(90);
    },
  );

  it('ends in time on a connection that falls silent', async () => {
    let isSilent = false;
    const { result, used } = await loseAnswer({ resolveMs: 300 }, { wasApplied }, (proxy) =>
      proxy.onMessage(({ direction, text }) => {
        const asks = direction === 'frontend' && text?.includes('pg_is_in_recovery() AS "isStandby"');
        if (!asks || text?.includes('instance')) return undefined;
        isSilent = true;
        return 'freeze';
      }),
    );
    expect(isSilent).toBe(true);
    expect(result).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'timeout' });
    expect(used).toBe(0);
  });

  it('ends in time with a look-up that does not return', async () => {
    const { result, used } = await loseAnswer(
      { resolveMs: 300 },
      { wasApplied: (manager) => manager.query('SELECT pg_sleep(60)') },
    );
    expect(result).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'timeout' });
    expect(used).toBe(0);
    expect(await readBalance(server.url)).toBe(90);
  });

  it('ends in time although the clock is set back meanwhile', async () => {
    const now = Date.now;
    const clock = jest.spyOn(Date, 'now');
    try {
      let asked = 0;
      const { result } = await loseAnswer(
        { resolveMs: 300 },
        {
          wasApplied: async () => {
            asked += 1;
            clock.mockImplementation(() => now() - 3_600_000);
            throw new Error('not now');
          },
        },
      );
      expect(result).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'timeout' });
      expect(asked).toBeGreaterThan(1);
    } finally {
      clock.mockRestore();
    }
  });

  it('is not taken for a deadline that passes meanwhile', async () => {
    const deadline = createDeadline(200);
    const { result, outcomes } = await loseAnswer(
      { resolveMs: 600 },
      { wasApplied: () => Promise.reject(new Error('not now')), deadline },
    );
    expect(deadline.remainingMs()).toBe(0);
    expect(result).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'timeout' });
    expect(outcomes).toEqual(['unknown']);
    expect(await readBalance(server.url)).toBe(90);
  });

  describe('of work that may be applied twice', () => {
    const run = { context: { idempotent: true } };
    const insert = (manager: EntityManager) => manager.query(`INSERT INTO transfers VALUES ('w', 10)`);

    it('runs it again, and succeeds with that', async () => {
      const again = (manager: EntityManager) =>
        manager.query(`INSERT INTO transfers VALUES ('w', 10) ON CONFLICT DO NOTHING`);
      expect(await loseAnswer({}, run, undefined, again)).toMatchObject({ outcomes: ['committed'] });
    });

    it('says that it is unknown, where the next attempt fails for what this one has applied', async () => {
      const { result, outcomes } = await loseAnswer({}, run, undefined, insert);
      expect(result).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'no-proof' });
      expect(outcomes).toEqual(['unknown']);
    });

    it('says that it is unknown, where the deadline passes during the next attempt', async () => {
      const deadline = createDeadline(500);
      let begun = 0;
      const { result, outcomes } = await loseAnswer(
        {},
        { ...run, deadline },
        (proxy) =>
          proxy.onMessage(({ type, text }) => {
            if (type !== 'P' || text?.startsWith('BEGIN') !== true) return undefined;
            begun += 1;
            return begun > 1 ? 'freeze' : undefined;
          }),
        insert,
      );
      expect(begun).toBe(2);
      // A timer may be early by a little.
      expect(deadline.remainingMs()).toBeLessThan(50);
      expect(result).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'no-proof' });
      expect(outcomes).toEqual(['unknown']);
    });

    it('says that it is unknown, where the attempts are used up', async () => {
      const { result, outcomes } = await loseAnswer(
        { retry: { baseDelayMs: 1, maxAttempts: 2 } },
        run,
        (proxy) => proxy.onMessage((message) => (isCommit(message) ? 'cut-after' : undefined)),
        (manager) => debit(manager),
      );
      expect(result).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'no-proof' });
      expect(outcomes).toEqual(['unknown']);
      expect(await readBalance(server.url)).toBe(80);
    });
  });

  it('counts, where a policy gives the attempt up before it turns out committed', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url));
    const unitOfWork = createUnitOfWork(source.dataSource, {
      ...UNWATCHED,
      policies: [timeout({ timeoutMs: 200 })],
    });
    const fault = breakOnce(proxy, isCommit, 'freeze-after');
    const result = await settleWithin(LIMIT_MS, unitOfWork.run(transfer, { wasApplied }));
    expect(fault.done).toBe(true);
    proxy.thaw();
    expect(result).toBe('done');
    expect(await readBalance(server.url)).toBe(90);
  });

  it('counts, where the logger fails afterwards', async () => {
    await using source = await openSource(server.url);
    const fail = () => {
      throw new Error('the disk is full');
    };
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const result = await createUnitOfWork(source.dataSource, { logger }).run(
      async (manager, { afterCommit }) => {
        afterCommit(() => Promise.reject(new Error('a broken hook')));
        return transfer(manager);
      },
    );
    expect(result).toBe('done');
    expect(await readBalance(server.url)).toBe(90);
  });
});

describe('a COMMIT that waits for a synchronous standby', () => {
  it('is not known to be committed, and is left to wait', async () => {
    await using server = await openTemporaryServer({ settings: { wal_level: 'replica' } });
    await createTables(server.url);
    const synchronize = (change: string) =>
      withClient(server.adminUrl, async (client) => {
        await client.query(`ALTER SYSTEM ${change}`);
        await client.query('SELECT pg_reload_conf()');
      });
    const countWaiting = () =>
      withClient(server.url, async (client) => {
        const { rows } = await client.query(
          `SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
        );
        return rows[0].count;
      });
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 2 });
    const unitOfWork = createUnitOfWork(source.dataSource, { commitMs: 200, resolveMs: 1_500 });
    let isWatched = false;
    proxy.onMessage(({ text }) => {
      isWatched ||= text?.includes('pg_current_xact_id') ?? false;
    });
    do await unitOfWork.run((manager) => manager.query('SELECT 1'));
    while (!isWatched);
    await synchronize(`SET synchronous_standby_names = 'nobody'`);
    await until(() =>
      withClient(server.url, async (client) => {
        const { rows } = await client.query('SHOW synchronous_standby_names');
        return rows[0].synchronous_standby_names === 'nobody';
      }),
    );
    const error = await rejection(unitOfWork.run((manager) => debit(manager)));
    expect(error).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'timeout' });
    // Ending it would have committed it here alone.
    expect(await countWaiting()).toBe(1);
    await synchronize('RESET synchronous_standby_names');
    await until(async () => (await readBalance(server.url)) === 90);
  });
});
