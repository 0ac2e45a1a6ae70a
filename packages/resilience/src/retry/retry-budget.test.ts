import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { hedge } from '../hedge/hedge';
import { pipeline } from '../pipeline/pipeline';
import type { Policy } from '../pipeline/policy';
import { constant } from './backoff';
import { retry } from './retry';
import {
  RETRY_BUDGET_DEFAULTS,
  type RetryBudget,
  type RetryBudgetOptions,
  retryBudget,
} from './retry-budget';
import { RetryError } from './retry-error';

/** Takes tokens until none is granted. */
function drain(budget: RetryBudget): number {
  let granted = 0;
  while (budget.withdraw()) granted += 1;
  return granted;
}

function deposit(budget: RetryBudget, times: number): void {
  for (let attempt = 0; attempt < times; attempt++) budget.deposit();
}

/** A budget that has no floor unless told, so that time alone pays nothing in. */
function create(options: RetryBudgetOptions = {}) {
  const clock = fakeClock();
  return { clock, budget: retryBudget({ clock, minRetriesPerSecond: 0, ...options }) };
}

describe('a retry budget that was told nothing', () => {
  it('grants 10 retries at once, one for every 10 first attempts, and one every 10 seconds', async () => {
    const clock = fakeClock();
    const budget = retryBudget({ clock });
    expect(budget.available).toBe(10);
    expect(drain(budget)).toBe(10);
    deposit(budget, 9);
    expect(drain(budget)).toBe(0);
    deposit(budget, 1);
    expect(drain(budget)).toBe(1);
    await clock.advance(9999);
    expect(drain(budget)).toBe(0);
    await clock.advance(1);
    expect(drain(budget)).toBe(1);
  });

  it('publishes these defaults', () => {
    expect(RETRY_BUDGET_DEFAULTS).toEqual({ ratio: 0.1, minRetriesPerSecond: 0.1, burst: 10 });
    expect(Object.isFrozen(RETRY_BUDGET_DEFAULTS)).toBe(true);
  });

  it('tells time by the process clock', () => {
    expect(drain(retryBudget())).toBe(10);
  });
});

describe('a first attempt', () => {
  it('pays in its share, and no more than the burst can be saved up', () => {
    const { budget } = create({ ratio: 0.5, burst: 3 });
    deposit(budget, 100);
    expect(budget.available).toBe(3);
    expect(drain(budget)).toBe(3);
    deposit(budget, 5);
    expect(budget.available).toBe(2);
    deposit(budget, 100);
    expect(drain(budget)).toBe(3);
  });

  it('pays nothing at a ratio of 0, and a whole token at 1', () => {
    const none = create({ ratio: 0 });
    drain(none.budget);
    deposit(none.budget, 1_000);
    expect(none.budget.available).toBe(0);
    const whole = create({ ratio: 1 });
    drain(whole.budget);
    deposit(whole.budget, 4);
    expect(drain(whole.budget)).toBe(4);
  });

  it.each([0.1, 0.2, 0.01, 0.07, 0.3])('pays in %d exactly, however often it is added up', (ratio) => {
    const { budget } = create({ ratio, burst: 1 });
    drain(budget);
    const perToken = Math.ceil(1 / ratio - 1e-9);
    for (let token = 0; token < 3; token++) {
      // Above one token the burst cuts off what is over, so that each round starts from nothing.
      deposit(budget, perToken - 1);
      expect(budget.withdraw()).toBe(false);
      deposit(budget, 1);
      expect(budget.available).toBe(1);
      expect(budget.withdraw()).toBe(true);
      expect(budget.withdraw()).toBe(false);
    }
  });
});

describe('the passing of time', () => {
  it('pays in by the millisecond, whether or not anybody looks', async () => {
    const watched = create({ minRetriesPerSecond: 10, burst: 2 });
    const alone = create({ minRetriesPerSecond: 10, burst: 2 });
    for (const { budget } of [watched, alone]) drain(budget);
    for (let step = 0; step < 100; step++) {
      expect(watched.budget.available).toBe(0);
      await watched.clock.advance(1);
    }
    await alone.clock.advance(100);
    expect([watched.budget.available, alone.budget.available]).toEqual([1, 1]);
  });

  it('saves up no more than the burst', async () => {
    const { clock, budget } = create({ minRetriesPerSecond: 100, burst: 5 });
    await clock.advance(86_400_000);
    expect(drain(budget)).toBe(5);
  });

  it('pays nothing without a floor', async () => {
    const { clock, budget } = create();
    drain(budget);
    await clock.advance(86_400_000);
    expect(drain(budget)).toBe(0);
  });
});

describe('an option out of range', () => {
  const SHARE = 'a finite number of at least 0 and of at most 1';
  const wrong = [Number.NaN, Number.POSITIVE_INFINITY, '5', true, {}];
  const refused = [
    ...[-0.01, 1.01, ...wrong].map((value) => ({ option: 'ratio', value, allowed: SHARE })),
    ...[-1, ...wrong].map((value) => ({
      option: 'minRetriesPerSecond',
      value,
      allowed: 'a finite number of at least 0',
    })),
    ...[0, 0.99, -1, ...wrong].map((value) => ({
      option: 'burst',
      value,
      allowed: 'a finite number of at least 1',
    })),
    { option: 'clock', value: {}, allowed: 'a Clock with nowMs and schedule' },
  ];

  it.each(refused)('$option: $value is refused', ({ option, value, allowed }) => {
    expect(() => retryBudget({ [option]: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option, value, allowed }),
    );
  });

  it('is not one at its limit', () => {
    expect(retryBudget({ ratio: 0, minRetriesPerSecond: 0, burst: 1 }).available).toBe(1);
    expect(retryBudget({ ratio: 1, burst: 1.5 }).available).toBe(1);
  });

  it.each(['retryRatio', 'minRetriesPerSec', 'name'])(
    '%s is an option nobody reads, and refused',
    (value) => {
      expect(() => retryBudget({ [value]: 1 })).toThrow(
        expect.objectContaining({
          option: 'retryBudget option',
          value,
          allowed: 'one of ratio, minRetriesPerSecond, burst, clock',
        }),
      );
    },
  );

  it('is no object at all', () => {
    expect(() => retryBudget(null as never)).toThrow(
      expect.objectContaining({ option: 'retryBudget options', value: null, allowed: 'an object' }),
    );
  });
});

describe('one budget shared by several policies', () => {
  const down = () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));

  /** Makes calls by each policy in turn under a total outage. Answers how many runs there were beyond the calls. */
  async function countExtraRuns(
    policies: readonly Policy<unknown>[],
    calls: number,
    clock = fakeClock(),
  ): Promise<number> {
    let runs = 0;
    const operation = () => {
      runs += 1;
      return down();
    };
    for (let call = 0; call < calls; call++) {
      const policy = policies[call % policies.length] as Policy<unknown>;
      await clock.runUntilSettled(policy.execute(operation).catch(() => {}));
    }
    return runs - calls;
  }

  it('grants all of them together what it would grant one', async () => {
    const clock = fakeClock();
    const budget = retryBudget({ clock, ratio: 0.25, minRetriesPerSecond: 0, burst: 4 });
    const create = () => retry({ clock, budget, maxAttempts: 10, backoff: constant(1) });
    // The first of the 81 calls finds the budget full, so that its share is not saved.
    expect(await countExtraRuns([create(), pipeline([create()]), create()], 81, clock)).toBe(4 + 80 * 0.25);
  });

  it('control: with a budget each they are granted more', async () => {
    const clock = fakeClock();
    const create = () => {
      const budget = retryBudget({ clock, ratio: 0.25, minRetriesPerSecond: 0, burst: 4 });
      return retry({ clock, budget, maxAttempts: 10, backoff: constant(1) });
    };
    expect(await countExtraRuns([create(), create()], 82, clock)).toBe(2 * 4 + 80 * 0.25);
  });

  it('bounds hedges and retries together', async () => {
    const clock = fakeClock();
    const budget = retryBudget({ clock, ratio: 0, minRetriesPerSecond: 0, burst: 3 });
    const retrying = retry({ clock, budget, maxAttempts: 3, backoff: constant(1) });
    const hedging = hedge({ clock, budget, delayMs: 10, maxAttempts: 4 });
    let runs = 0;
    const never = () => {
      runs += 1;
      return new Promise<never>(() => {});
    };
    const hedged = hedging.execute(never, { context: { idempotent: true } });
    await clock.advance(10);
    expect(runs).toBe(2);
    expect(budget.available).toBe(2);
    const error: unknown = await clock.runUntilSettled(retrying.execute(down).catch((reason) => reason));
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 3 });
    expect(budget.available).toBe(0);
    await clock.advance(1_000);
    expect(runs).toBe(2);
    expect(await clock.runUntilSettled(retrying.execute(down).catch((reason) => reason))).toBeInstanceOf(
      RetryError,
    );
    expect(budget.available).toBe(0);
    void hedged;
  });

  it('takes what calls of every policy pay in', async () => {
    const clock = fakeClock();
    const budget = retryBudget({ clock, ratio: 0.25, minRetriesPerSecond: 0, burst: 10 });
    drain(budget);
    await retry({ clock, budget }).execute(() => 'done');
    await hedge({ clock, budget, delayMs: 10 }).execute(() => 'done');
    await pipeline([retry({ clock, budget })]).execute(() => 'done');
    expect(budget.available).toBe(0);
    await hedge({ clock, budget, delayMs: 10 }).execute(() => 'done', { context: { idempotent: true } });
    expect(budget.available).toBe(1);
  });
});

describe('a retry whose budget is used up', () => {
  it('gives up at once, and says why', async () => {
    const { clock, budget } = create();
    drain(budget);
    const cause = Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
    const call = retry({ clock, budget }).execute(() => Promise.reject(cause));
    await expect(call).rejects.toMatchObject({ code: 'RETRY_BUDGET', attempts: 1, cause });
    expect(clock.pendingTimers).toBe(0);
  });

  it('control: with a token it tries again', async () => {
    const { clock, budget } = create();
    let runs = 0;
    const operation = () => {
      runs += 1;
      if (runs === 1) throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
      return runs;
    };
    expect(await clock.runUntilSettled(retry({ clock, budget }).execute(operation))).toBe(2);
    expect(budget.available).toBe(9);
  });
});

describe('a budget that several layers of one pipeline share', () => {
  const CALLS = 200;

  /** Runs beyond the first, of calls that all fail. */
  async function countExtraRuns(create: (clock: FakeClock, budget: RetryBudget) => Policy): Promise<number> {
    const clock = fakeClock();
    const policy = create(clock, retryBudget({ clock, ratio: 0.1, minRetriesPerSecond: 0, burst: 10 }));
    let runs = 0;
    const operation = () => {
      runs += 1;
      return new Promise<never>((_, reject) => {
        clock.schedule(() => reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' })), 20);
      });
    };
    for (let call = 0; call < CALLS; call++) {
      const context = { idempotent: true };
      await clock.runUntilSettled(policy.execute(operation, { context })).catch(() => {});
    }
    return runs - CALLS;
  }
  const again = (clock: FakeClock, budget: RetryBudget) =>
    retry({ clock, budget, maxAttempts: 10, backoff: constant(1) });
  const beside = (clock: FakeClock, budget: RetryBudget) => hedge({ clock, budget, delayMs: 10 });

  it.each<[string, (clock: FakeClock, budget: RetryBudget) => Policy]>([
    ['a retry alone', again],
    ['a hedge alone', beside],
    ['a hedge inside a retry', (clock, budget) => pipeline([again(clock, budget), beside(clock, budget)])],
    ['a retry inside a hedge', (clock, budget) => pipeline([beside(clock, budget), again(clock, budget)])],
    ['a retry inside a retry', (clock, budget) => pipeline([again(clock, budget), again(clock, budget)])],
  ])('is paid into once for each call: %s', async (_, create) => {
    const extraRuns = await countExtraRuns(create);
    expect(extraRuns).toBeLessThanOrEqual(10 + 0.1 * CALLS);
    expect(extraRuns).toBeGreaterThanOrEqual(0.1 * CALLS);
  });
});
