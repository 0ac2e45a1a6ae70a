import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { retry } from '../retry/retry';
import { thrownBy } from '../test/breaker-calls';
import { ManualWork } from '../test/pipeline-manual-work';
import { settled, watch } from '../test/pipeline-outcome';
import { refused } from '../test/retry-operations';
import { hedge } from './hedge';
import { HedgeSupersededError } from './hedge-frame';

const idempotent = { context: { idempotent: true } } as const;

let clock: FakeClock;
let work: ManualWork;
beforeEach(() => {
  clock = fakeClock();
  work = new ManualWork();
});

describe('a hedge', () => {
  it('starts nothing beside a run that answers in time', async () => {
    const policy = hedge({ delayMs: 50, clock });
    const told: unknown[] = [];
    policy.on('hedge', (event) => told.push(event));
    const outcome = watch(policy.execute(work.operation, idempotent));
    await clock.advance(49);
    work.run(0).succeed('in time');
    await clock.advance(1000);
    expect(outcome.value).toBe('in time');
    expect(work.runs).toHaveLength(1);
    expect(told).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts another run when the first has not answered after the delay', async () => {
    watch(hedge({ delayMs: 50, clock }).execute(work.operation, idempotent));
    await clock.advance(49);
    expect(work.runs).toHaveLength(1);
    await clock.advance(1);
    expect(work.runs).toHaveLength(2);
    work.finish();
  });

  it('starts two in all by default, and more only when told', async () => {
    watch(hedge({ delayMs: 50, clock }).execute(work.operation, idempotent));
    await clock.advance(1000);
    expect(work.runs).toHaveLength(2);

    const more = new ManualWork();
    watch(hedge({ delayMs: 50, maxAttempts: 4, clock }).execute(more.operation, idempotent));
    const counts: number[] = [];
    for (let passed = 0; passed < 5; passed++) {
      await clock.advance(50);
      counts.push(more.runs.length);
    }
    expect(counts).toEqual([2, 3, 4, 4, 4]);
    work.finish();
    more.finish();
  });

  it.each([undefined, {}, { context: {} }, { context: { idempotent: false } }])(
    'starts nothing for a call that does not say it is idempotent: %j',
    async (options) => {
      const outcome = watch(hedge({ delayMs: 50, clock }).execute(work.operation, options));
      await clock.advance(1000);
      expect(work.runs).toHaveLength(1);
      work.run(0).succeed('slow');
      await settled();
      expect(outcome.value).toBe('slow');
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it.each([0, 1, 2])('takes the first success, that of run %p', async (winner) => {
    const outcome = watch(hedge({ delayMs: 50, maxAttempts: 3, clock }).execute(work.operation, idempotent));
    await clock.advance(100);
    work.run(winner).succeed(`run ${winner}`);
    await settled();
    expect(outcome.value).toBe(`run ${winner}`);
    work.finish();
    await settled();
    expect(outcome.value).toBe(`run ${winner}`);
  });

  it('aborts the others with the reason that they are superseded, and not the winner', async () => {
    watch(hedge({ delayMs: 50, maxAttempts: 3, clock }).execute(work.operation, idempotent));
    await clock.advance(100);
    const signals = work.runs.map(({ attempt }) => attempt.signal);
    expect(new Set(signals).size).toBe(3);
    work.run(1).succeed();
    await settled();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, true]);
    const [first, , third] = signals.map(({ reason }) => reason as unknown);
    expect(first).toBeInstanceOf(HedgeSupersededError);
    expect(first).toMatchObject({
      name: 'HedgeSupersededError',
      code: 'HEDGE_SUPERSEDED',
      message: 'Another run of this call has answered first',
    });
    expect(third).toBe(first);
    work.finish();
  });

  it('aborts nothing when every other run has failed already', async () => {
    const outcome = watch(hedge({ delayMs: 50, clock }).execute(work.operation, idempotent));
    const { signal } = work.run(0).attempt;
    await clock.advance(50);
    work.run(0).fail(refused());
    await settled();
    work.run(1).succeed('second');
    await settled();
    expect(outcome.value).toBe('second');
    expect(signal.aborted).toBe(false);
  });

  it('waits for the runs that are out when one fails, and takes their success', async () => {
    const outcome = watch(hedge({ delayMs: 50, clock }).execute(work.operation, idempotent));
    await clock.advance(50);
    work.run(1).fail(refused());
    await settled();
    expect(outcome.state).toBe('pending');
    work.run(0).succeed('first');
    await settled();
    expect(outcome.value).toBe('first');
  });

  it.each([
    [0, 1],
    [1, 0],
  ])('fails with the first failure when all fail: run %p before run %p', async (early, late) => {
    const outcome = watch(hedge({ delayMs: 50, clock }).execute(work.operation, idempotent));
    await clock.advance(50);
    const failures = [new Error('early'), new Error('late')];
    work.run(early).fail(failures[0]);
    await settled();
    work.run(late).fail(failures[1]);
    await settled();
    expect(outcome.error).toBe(failures[0]);
  });

  it('fails at once when its only run fails before another was started', async () => {
    const outcome = watch(hedge({ delayMs: 50, clock }).execute(work.operation, idempotent));
    await clock.advance(30);
    work.run(0).fail(undefined);
    await settled();
    expect(outcome).toMatchObject({ state: 'rejected', error: undefined });
    await clock.advance(1000);
    expect(work.runs).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts the next run on time although an earlier one has failed, while another is out', async () => {
    const outcome = watch(hedge({ delayMs: 50, maxAttempts: 3, clock }).execute(work.operation, idempotent));
    await clock.advance(60);
    work.run(0).fail(refused());
    await clock.advance(40);
    expect(work.runs).toHaveLength(3);
    work.run(2).succeed('third');
    await settled();
    expect(outcome.value).toBe('third');
    work.finish();
  });

  it('takes synchronous results and failures of a run as it takes others', async () => {
    const policy = hedge({ delayMs: 50, clock });
    await expect(policy.execute(() => 'sync', idempotent)).resolves.toBe('sync');
    const failure = refused();
    const throwing = (): never => {
      throw failure;
    };
    await expect(policy.execute(throwing, idempotent)).rejects.toBe(failure);
    let runs = 0;
    const second = () => {
      runs += 1;
      return runs === 1 ? new Promise<string>(() => {}) : 'sync second';
    };
    const outcome = watch(policy.execute(second, idempotent));
    await clock.advance(50);
    expect(outcome.value).toBe('sync second');
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells of every further run, and of whom it is for', async () => {
    const policy = hedge({ delayMs: 50, maxAttempts: 3, clock });
    const told: unknown[] = [];
    const leave = policy.on('hedge', (event) => told.push(event));
    policy.on('hedge', () => {
      throw new Error('a broken listener');
    });
    const context = { idempotent: true, operation: 'readOrder' };
    watch(policy.execute(work.operation, { context }));
    await clock.advance(100);
    expect(told).toEqual([
      { run: 2, context },
      { run: 3, context },
    ]);
    work.finish();
    await settled();
    leave();
    watch(policy.execute(work.operation, { context }));
    await clock.advance(100);
    expect(told).toHaveLength(2);
    work.finish();
    expect(thrownBy(() => policy.on('hedges' as 'hedge', () => {}))).toMatchObject({
      option: 'event',
      value: 'hedges',
      allowed: 'one of hedge',
    });
  });

  it('serves calls one after the other and at the same time, each by itself', async () => {
    const policy = hedge({ delayMs: 50, clock });
    for (const value of ['first call', 'second call']) {
      const single = new ManualWork();
      const outcome = watch(policy.execute(single.operation, idempotent));
      await clock.advance(50);
      expect(single.runs).toHaveLength(2);
      single.run(1).succeed(value);
      single.finish();
      await settled();
      expect(outcome.value).toBe(value);
    }
    const [one, other] = [new ManualWork(), new ManualWork()];
    const outcomes = [watch(policy.execute(one.operation, idempotent))];
    await clock.advance(25);
    outcomes.push(watch(policy.execute(other.operation, idempotent)));
    await clock.advance(25);
    expect([one.runs.length, other.runs.length]).toEqual([2, 1]);
    one.run(1).succeed('one');
    await clock.advance(25);
    expect([one.runs.length, other.runs.length]).toEqual([2, 2]);
    other.run(0).succeed('other');
    await settled();
    expect(outcomes.map(({ value }) => value)).toEqual(['one', 'other']);
    expect(other.run(0).attempt.signal.aborted).toBe(false);
    one.finish();
    other.finish();
    await settled();
    expect(clock.pendingTimers).toBe(0);
  });

  it('begins anew when a retry around it runs it again', async () => {
    const policy = pipeline([retry({ maxAttempts: 2, jitter: false, clock }), hedge({ delayMs: 50, clock })]);
    const outcome = watch(policy.execute(work.operation, idempotent));
    const { signal } = work.run(0).attempt;
    await clock.advance(50);
    const [first, second] = [refused(), refused()];
    work.run(0).fail(first);
    work.run(1).fail(second);
    await clock.advance(1000);
    expect(work.runs.map(({ attempt }) => attempt.attempt)).toEqual([1, 1, 2]);
    expect(work.run(2).attempt.signal).not.toBe(signal);
    await clock.advance(50);
    expect(work.runs).toHaveLength(4);
    const last = new Error('not transient');
    work.run(3).fail(last);
    work.run(2).fail(refused());
    await settled();
    expect(outcome.error).toBe(last);
    expect(clock.pendingTimers).toBe(0);
  });
});
