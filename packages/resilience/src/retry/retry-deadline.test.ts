import { createDeadline } from '../clock/deadline';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import type { Attempt } from '../pipeline/attempt';
import { pipeline } from '../pipeline/pipeline';
import { caught } from '../test/pipeline-outcome';
import { lateClock } from '../test/retry-late-clock';
import { alwaysFailing, countCalls, failingWith, recordRetryEvents, refused } from '../test/retry-operations';
import { timeout } from '../timeout/timeout';
import { retry } from './retry';

const shape = { baseDelayMs: 100, jitter: false } as const;

describe('a retry under a deadline', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = fakeClock();
  });

  it('refuses a wait that would end at the deadline', async () => {
    const policy = retry({ ...shape, clock });
    const events = recordRetryEvents(policy);
    const last = refused();
    const subject = failingWith(last);
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation, { deadline: 100 })));
    expect(error).toMatchObject({ code: 'RETRY_DEADLINE', attempts: 1, totalDelayMs: 0, elapsedMs: 0 });
    expect((error as Error).message).toBe('Gave up after 1 attempt: the deadline leaves no time for another');
    expect(error).toHaveProperty('cause', last);
    expect(events.at(-1)).toMatchObject({ name: 'giveUp', reason: 'deadline', attempt: 1, delayMs: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes a wait that ends before it', async () => {
    const policy = retry({ ...shape, clock });
    const subject = failingWith(refused());
    const call = policy.execute(subject.operation, { deadline: 101 });
    await expect(clock.runUntilSettled(call)).resolves.toBe('done');
    expect(clock.nowMs()).toBe(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses a wait that the hint of a server makes too long', async () => {
    const policy = retry({ ...shape, clock });
    const busy = Object.assign(refused(), { retryAfterMs: 5000 });
    const error = await caught(
      clock.runUntilSettled(policy.execute(failingWith(busy).operation, { deadline: 4999 })),
    );
    expect(error).toMatchObject({ code: 'RETRY_DEADLINE', attempts: 1 });
    expect(clock.nowMs()).toBe(0);
  });

  it('refuses a wait that would outlive a timeout around it', async () => {
    const policy = pipeline([timeout({ timeoutMs: 250, clock }), retry({ ...shape, clock })]);
    const subject = alwaysFailing();
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation)));
    // 100 ms of the 250 are spent; the second wait would take 200.
    expect(error).toMatchObject({ code: 'RETRY_DEADLINE', attempts: 2, totalDelayMs: 100 });
    expect(clock.nowMs()).toBe(100);
  });

  describe('that passes while a timer is late', () => {
    const deadline = 150;

    it('starts no attempt after it, and tells the time that was really waited', async () => {
      const policy = retry({ ...shape, clock: lateClock(clock, 60) });
      const events = recordRetryEvents(policy);
      const last = refused();
      const subject = failingWith(last);
      const error = await caught(clock.runUntilSettled(policy.execute(subject.operation, { deadline })));
      expect(subject.calls).toBe(1);
      expect(error).toMatchObject({
        code: 'RETRY_DEADLINE',
        attempts: 1,
        totalDelayMs: 160,
        elapsedMs: 160,
      });
      expect(error).toHaveProperty('cause', last);
      expect(events.at(-1)).toMatchObject({
        name: 'giveUp',
        reason: 'deadline',
        delayMs: 100,
        totalDelayMs: 160,
      });
      expect(clock.pendingTimers).toBe(0);
    });

    it('starts one at that time when the deadline is later', async () => {
      const policy = retry({ ...shape, clock: lateClock(clock, 60) });
      const subject = failingWith(refused());
      const call = policy.execute(subject.operation, { deadline: 161 });
      await expect(clock.runUntilSettled(call)).resolves.toBe('done');
      expect(clock.nowMs()).toBe(160);
    });
  });

  it('gives up with the failure of an attempt that outlasted it', async () => {
    const policy = retry({ ...shape, clock });
    const subject = countCalls(async () => {
      await new Promise<void>((resolve) => clock.schedule(resolve, 80));
      throw refused();
    });
    const error = await caught(clock.runUntilSettled(policy.execute(subject.operation, { deadline: 70 })));
    expect(error).toMatchObject({ code: 'RETRY_DEADLINE', attempts: 1, totalDelayMs: 0, elapsedMs: 80 });
    expect(subject.calls).toBe(1);
  });

  it('keeps a success that arrives after it', async () => {
    const operation = () => new Promise<string>((resolve) => clock.schedule(() => resolve('late'), 80));
    const call = retry({ ...shape, clock }).execute(operation, { deadline: 70 });
    await expect(clock.runUntilSettled(call)).resolves.toBe('late');
  });

  it('is one for all attempts: each of them is told what is left', async () => {
    const deadline = createDeadline(1000, clock);
    const seen: Pick<Attempt, 'attempt' | 'remainingMs' | 'deadline'>[] = [];
    const operation = ({ attempt, remainingMs, deadline: told }: Attempt): string => {
      seen.push({ attempt, remainingMs, deadline: told });
      if (attempt < 3) throw refused();
      return 'done';
    };
    await clock.runUntilSettled(retry({ ...shape, clock }).execute(operation, { deadline }));
    expect(seen).toEqual([
      { attempt: 1, remainingMs: 1000, deadline },
      { attempt: 2, remainingMs: 900, deadline },
      { attempt: 3, remainingMs: 700, deadline },
    ]);
    expect(seen.every((attempt) => attempt.deadline === deadline)).toBe(true);
  });

  it('tells attempts of no limit when there is none', async () => {
    const told = await retry({ clock }).execute(({ remainingMs, deadline }) => ({ remainingMs, deadline }));
    expect(told).toEqual({ remainingMs: Number.POSITIVE_INFINITY, deadline: undefined });
  });
});
