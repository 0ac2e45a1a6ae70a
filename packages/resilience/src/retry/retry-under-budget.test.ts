import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { caught } from '../test/pipeline-outcome';
import { alwaysFailing, failingWith, recordRetryEvents, refused } from '../test/retry-operations';
import { retry } from './retry';
import { retryBudget } from './retry-budget';
import { RetryError } from './retry-error';

const shape = { maxAttempts: 5, baseDelayMs: 100, jitter: false } as const;

describe('a retry under a budget', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = fakeClock();
  });

  const budgetOf = (burst: number, minRetriesPerSecond = 0) =>
    retryBudget({ ratio: 0, minRetriesPerSecond, burst, clock });

  it('gives up at once when the budget is spent, with the last failure', async () => {
    const policy = retry({ ...shape, budget: budgetOf(2), clock });
    const events = recordRetryEvents(policy);
    const last = refused();
    const subject = failingWith(refused(), refused(), last);
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation)));
    expect(error).toBeInstanceOf(RetryError);
    expect(error).toMatchObject({ code: 'RETRY_BUDGET', attempts: 3, totalDelayMs: 300, elapsedMs: 300 });
    expect(error).toHaveProperty('cause', last);
    expect((error as Error).message).toBe('Gave up after 3 attempts: the retry budget is spent');
    expect(events.at(-1)).toMatchObject({ name: 'giveUp', reason: 'budget', attempt: 3, delayMs: 200 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('uses all its attempts when the budget allows them', async () => {
    const budget = budgetOf(4);
    const policy = retry({ ...shape, budget, clock });
    const error = await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation)));
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 5 });
    expect(budget.available).toBe(0);
  });

  it('takes no token for an attempt that no retry follows', async () => {
    const budget = budgetOf(3);
    const policy = retry({ ...shape, maxAttempts: 1, budget, clock });
    await policy.execute(() => 'done');
    await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation)));
    await caught(clock.runUntilSettled(policy.execute(alwaysFailing(() => new Error('a bug')).operation)));
    expect(budget.available).toBe(3);
  });

  it('takes no token when the deadline refuses the wait', async () => {
    const budget = budgetOf(3);
    const policy = retry({ ...shape, budget, clock });
    const error = await caught(
      clock.runUntilSettled(policy.execute(alwaysFailing().operation, { deadline: 100 })),
    );
    expect(error).toMatchObject({ code: 'RETRY_DEADLINE', attempts: 1 });
    expect(budget.available).toBe(3);
  });

  it('takes a token for the same wait when there is time', async () => {
    const budget = budgetOf(3);
    const policy = retry({ ...shape, budget, clock });
    await clock.runUntilSettled(policy.execute(failingWith(refused()).operation, { deadline: 101 }));
    expect(budget.available).toBe(2);
  });

  it('takes no token for a caller who has left', async () => {
    const budget = budgetOf(3);
    const policy = retry({ ...shape, budget, clock });
    const controller = new AbortController();
    const operation = (): never => {
      controller.abort();
      throw refused();
    };
    await caught(clock.runUntilSettled(policy.execute(operation, { signal: controller.signal })));
    expect(budget.available).toBe(3);
  });

  it('names the deadline when neither it nor the budget would allow the wait', async () => {
    const budget = budgetOf(1);
    budget.withdraw();
    const policy = retry({ ...shape, budget, clock });
    const error = await caught(
      clock.runUntilSettled(policy.execute(alwaysFailing().operation, { deadline: 100 })),
    );
    expect(error).toMatchObject({ code: 'RETRY_DEADLINE' });
  });

  it('retries again when time has paid in', async () => {
    const budget = budgetOf(1, 1);
    const policy = retry({ ...shape, maxAttempts: 2, budget, clock });
    const codes: unknown[] = [];
    for (const pauseMs of [0, 899, 1]) {
      await clock.advance(pauseMs);
      const error = await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation)));
      codes.push((error as RetryError).code);
    }
    // The token is gone at 0 ms, the first wait takes 100 of the 1000 ms that another one costs.
    expect(codes).toEqual(['RETRY_EXHAUSTED', 'RETRY_BUDGET', 'RETRY_EXHAUSTED']);
  });

  it('is paid for by first attempts: half a token twice is one retry', async () => {
    const budget = retryBudget({ ratio: 0.5, minRetriesPerSecond: 0, burst: 10, clock });
    while (budget.withdraw());
    const policy = retry({ ...shape, budget, clock });
    await policy.execute(() => 'done');
    expect(budget.available).toBe(0);
    const error = await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation)));
    expect(error).toMatchObject({ code: 'RETRY_BUDGET', attempts: 2 });
  });

  it('is not paid for by retries, which could then go on for ever', async () => {
    const budget = retryBudget({ ratio: 1, minRetriesPerSecond: 0, burst: 10, clock });
    while (budget.withdraw());
    const policy = retry({ ...shape, budget, clock });
    const error = await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation)));
    expect(error).toMatchObject({ code: 'RETRY_BUDGET', attempts: 2 });
  });

  it('shares what is left with every retry of the same dependency', async () => {
    const budget = budgetOf(3);
    const [reads, writes] = [retry({ ...shape, budget, clock }), retry({ ...shape, budget, clock })];
    const [read, write] = [alwaysFailing(), alwaysFailing()];
    const calls = [reads.execute(read.operation), writes.execute(write.operation)];
    const errors = await Promise.all(calls.map((call) => caught(clock.runUntilSettled(call))));
    expect(errors.map((error) => (error as RetryError).code)).toEqual(['RETRY_BUDGET', 'RETRY_BUDGET']);
    expect(read.calls + write.calls).toBe(2 + 3);
  });

  it('refuses anything else for a budget', () => {
    for (const budget of [{}, { withdraw: () => true, deposit: () => {} }, 5, null]) {
      expect(() => retry({ budget: budget as never })).toThrow(
        expect.objectContaining({
          option: 'budget',
          value: budget,
          allowed: 'a budget made by retryBudget()',
        }),
      );
    }
  });
});
