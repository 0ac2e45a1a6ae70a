import { MAX_TIMER_MS } from '../clock/clock';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { retryBudget } from '../retry/retry-budget';
import { thrownBy } from '../test/breaker-calls';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled, watch } from '../test/pipeline-outcome';
import { type HedgeOptions, hedge } from './hedge';

const idempotent = { context: { idempotent: true } } as const;

let clock: FakeClock;
let work: ManualWork;
beforeEach(() => {
  clock = fakeClock();
  work = new ManualWork();
});

describe('a budget of hedges', () => {
  const budgetOf = (ratio: number, burst: number) =>
    retryBudget({ ratio, minRetriesPerSecond: 0, burst, clock });

  it('bounds the further runs of everybody who shares it', async () => {
    const policy = hedge({ delayMs: 50, budget: budgetOf(0, 2), clock });
    for (let call = 0; call < 5; call++) watch(policy.execute(work.operation, idempotent));
    await clock.advance(1000);
    expect(work.runs).toHaveLength(5 + 2);
    work.finish();
  });

  it('tells nothing of a run it refuses, and leaves the others running', async () => {
    const budget = budgetOf(0, 1);
    budget.withdraw();
    const policy = hedge({ delayMs: 50, maxAttempts: 3, budget, clock });
    const told: unknown[] = [];
    policy.on('hedge', (event) => told.push(event));
    const outcome = watch(policy.execute(work.operation, idempotent));
    await clock.advance(1000);
    expect(told).toEqual([]);
    work.run(0).succeed('alone');
    await settled();
    expect(outcome.value).toBe('alone');
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes a token for each run it grants', async () => {
    const budget = budgetOf(0, 5);
    watch(hedge({ delayMs: 50, maxAttempts: 3, budget, clock }).execute(work.operation, idempotent));
    expect(budget.available).toBe(5);
    await clock.advance(1000);
    expect(budget.available).toBe(3);
    work.finish();
  });

  it('is paid for by each call, idempotent or not', async () => {
    const budget = budgetOf(0.5, 5);
    while (budget.withdraw());
    const policy = hedge({ delayMs: 50, budget, clock });
    await policy.execute(() => 'done', idempotent);
    await policy.execute(() => 'done');
    expect(budget.available).toBe(1);
  });
});

describe('the options of a hedge', () => {
  it.each<[string, unknown, string]>([
    ['delayMs', undefined, `a finite number above 0 and of at most ${MAX_TIMER_MS}`],
    ['delayMs', 0, `a finite number above 0 and of at most ${MAX_TIMER_MS}`],
    ['delayMs', Number.NaN, `a finite number above 0 and of at most ${MAX_TIMER_MS}`],
    ['delayMs', MAX_TIMER_MS + 1, `a finite number above 0 and of at most ${MAX_TIMER_MS}`],
    ['maxAttempts', 1, 'an integer of at least 2'],
    ['maxAttempts', 2.5, 'an integer of at least 2'],
    ['maxAttempts', Number.POSITIVE_INFINITY, 'an integer of at least 2'],
    ['budget', {}, 'a budget made by retryBudget()'],
    ['clock', {}, 'a Clock with nowMs and schedule'],
  ])('refuse %s = %p', (option, value, allowed) => {
    const error = thrownBy(() => hedge({ delayMs: 50, [option]: value } as HedgeOptions));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option, value, allowed });
  });

  it('refuse a name that nobody reads', () => {
    expect(thrownBy(() => hedge({ delayMs: 50, max: 3 } as HedgeOptions))).toMatchObject({
      option: 'hedge option',
      value: 'max',
      allowed: 'one of delayMs, maxAttempts, budget, clock',
    });
  });

  it('take the bounds themselves', () => {
    expect(() => hedge({ delayMs: MAX_TIMER_MS, maxAttempts: 2 })).not.toThrow();
  });
});
