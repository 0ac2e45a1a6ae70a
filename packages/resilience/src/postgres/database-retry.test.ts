import { FakeClock } from '../clock/fake-clock';
import { RetryError } from '../retry/retry-error';
import {
  type DatabaseRetryContext,
  databaseRetry,
  transactionRetry,
  withDatabaseRetry,
  withTransactionRetry,
} from './database-retry';
import { type Phase, tagPhase } from './phase';

const failure = (code: string, severity = 'ERROR') => Object.assign(new Error(code), { code, severity });

describe.each([
  { name: 'withDatabaseRetry', helper: withDatabaseRetry, attempts: 3, waitedMs: 500 + 1000 },
  {
    name: 'withTransactionRetry',
    helper: withTransactionRetry,
    attempts: 5,
    waitedMs: 100 + 200 + 400 + 800,
  },
])('$name', ({ helper, attempts, waitedMs }) => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = new FakeClock();
  });

  async function callsUntilGivenUp(error: unknown, context: DatabaseRetryContext = {}): Promise<number> {
    let calls = 0;
    const operation = async (): Promise<never> => {
      calls += 1;
      throw error;
    };
    await clock.runUntilSettled(helper(operation, { clock, random: () => 0.5, ...context })).catch(() => {});
    return calls;
  }

  it(`tries ${attempts} times and waits up to ${waitedMs} ms in all`, async () => {
    const operation = async (): Promise<never> => {
      throw failure('57P03', 'FATAL');
    };
    // A draw of almost 1 shows the ceilings of full jitter.
    const run = helper(operation, { clock, random: () => 1 - Number.EPSILON });
    const error: unknown = await clock.runUntilSettled(run).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RetryError);
    expect((error as RetryError).attempts).toBe(attempts);
    expect((error as RetryError).totalDelayMs).toBeCloseTo(waitedMs);
  });

  it.each<[string, Phase | undefined, boolean]>([
    ['08006', 'acquire', true],
    ['08006', 'autocommit-read', true],
    ['08006', 'autocommit-write', false],
    ['08006', 'in-transaction', true],
    ['08006', 'commit', false],
    ['08006', undefined, false],
    ['57P03', undefined, true],
    ['23505', undefined, false],
    ['55P03', undefined, false],
    ['28P01', 'acquire', false],
    ['57014', undefined, false],
  ])('%s in phase %s: retried is %p', async (code, phase, isRetried) => {
    const error = phase ? tagPhase(failure(code), phase) : failure(code);
    expect(await callsUntilGivenUp(error)).toBe(isRetried ? attempts : 1);
  });

  it.each<Phase | undefined>(['autocommit-write', 'commit', undefined])(
    'retries a lost connection in phase %s when the operation is idempotent',
    async (phase) => {
      const error = phase ? tagPhase(failure('08006'), phase) : failure('08006');
      expect(await callsUntilGivenUp(error, { idempotent: true })).toBe(attempts);
    },
  );

  it('does not retry what cannot pass, idempotent or not', async () => {
    expect(await callsUntilGivenUp(failure('23505'), { idempotent: true })).toBe(1);
    expect(await callsUntilGivenUp(tagPhase(failure('08P01'), 'commit'), { idempotent: true })).toBe(1);
  });

  it('tries once more, not more often, what a second retry cannot mend', async () => {
    expect(await callsUntilGivenUp(failure('26000'))).toBe(2);
    expect(await callsUntilGivenUp(failure('POOL_EXHAUSTED'))).toBe(2);
  });

  it('waits near its maximum for exhausted resources', async () => {
    await callsUntilGivenUp(failure('53100'), { random: () => 0 });
    expect(clock.nowMs()).toBe(helper === withDatabaseRetry ? 2500 : 1000);
  });

  it('obeys a signal and a deadline given in the context', async () => {
    expect(await callsUntilGivenUp(failure('57P03'), { signal: AbortSignal.abort() })).toBe(0);
    expect(await callsUntilGivenUp(failure('57P03'), { deadline: 1 })).toBe(1);
  });
});

describe('contention', () => {
  const run = async (helper: typeof withDatabaseRetry, error: Error): Promise<number> => {
    const clock = new FakeClock();
    let calls = 0;
    const operation = async (): Promise<string> => {
      calls += 1;
      if (calls === 1) throw error;
      return 'done';
    };
    await clock.runUntilSettled(helper(operation, { clock })).catch(() => {});
    return calls;
  };

  it.each(['40001', '40P01'])('%s is retried around a transaction', async (code) => {
    expect(await run(withTransactionRetry, failure(code))).toBe(2);
    expect(await run(withTransactionRetry, tagPhase(failure(code), 'commit'))).toBe(2);
  });

  it.each(['40001', '40P01'])(
    '%s is not retried by withDatabaseRetry unless it was one statement',
    async (code) => {
      expect(await run(withDatabaseRetry, failure(code))).toBe(1);
      expect(await run(withDatabaseRetry, tagPhase(failure(code), 'in-transaction'))).toBe(1);
      expect(await run(withDatabaseRetry, tagPhase(failure(code), 'autocommit-write'))).toBe(2);
    },
  );
});

describe.each([
  { name: 'databaseRetry', create: databaseRetry, attempts: 3 },
  { name: 'transactionRetry', create: transactionRetry, attempts: 5 },
])('$name', ({ create, attempts }) => {
  async function calls(policyOptions: Parameters<typeof create>[0], error: unknown, idempotent?: boolean) {
    const clock = new FakeClock();
    const policy = create({ ...policyOptions, clock });
    let count = 0;
    const operation = (): Promise<never> => {
      count += 1;
      return Promise.reject(error);
    };
    await clock.runUntilSettled(policy.execute(operation, { context: { idempotent } })).catch(() => {});
    return count;
  }

  it(`tries ${attempts} times, or as often as it is told`, async () => {
    expect(await calls({}, failure('57P03'))).toBe(attempts);
    expect(await calls({ maxAttempts: 2 }, failure('57P03'))).toBe(2);
  });

  it('retries a lock timeout only when it is named', async () => {
    expect(await calls({}, failure('55P03'))).toBe(1);
    expect(await calls({ retryableErrors: ['55P03'] }, failure('55P03'))).toBe(attempts);
  });

  it('lets a code that is named retry no COMMIT that may have been applied; a predicate may', async () => {
    const lost = tagPhase(failure('08006'), 'commit');
    expect(await calls({ retryableErrors: ['08006'] }, lost)).toBe(1);
    expect(await calls({ retryableErrors: ['08006'] }, lost, true)).toBe(attempts);
    expect(await calls({ retryableErrors: () => true }, lost)).toBe(attempts);
  });

  it('obeys a wrapper that forbids a retry', async () => {
    const forbidden = Object.assign(new Error('no', { cause: failure('57P03') }), { transient: false });
    expect(await calls({}, forbidden)).toBe(1);
    expect(await calls({}, new Error('yes', { cause: failure('57P03') }))).toBe(attempts);
  });

  it('learns from each call whether it is idempotent', async () => {
    expect(await calls({}, tagPhase(failure('08006'), 'commit'), false)).toBe(1);
    expect(await calls({}, tagPhase(failure('08006'), 'commit'), true)).toBe(attempts);
  });

  it('grants once what may be tried once, for each call anew', async () => {
    const clock = new FakeClock();
    const policy = create({ clock });
    for (const _ of ['first call', 'second call']) {
      let count = 0;
      const operation = (): Promise<never> => {
        count += 1;
        return Promise.reject(failure('26000'));
      };
      await clock.runUntilSettled(policy.execute(operation)).catch(() => {});
      expect(count).toBe(2);
    }
  });
});
