import { RecordingClock } from '../test/pipeline-recording-clock';
import { MAX_TIMER_MS, systemClock } from './clock';
import { createDeadline, type Deadline, DeadlineExceededError, onDeadline, readDeadline } from './deadline';
import { fakeClock } from './fake-clock';

describe('a deadline', () => {
  it('says how much time is left, and never less than none', async () => {
    const clock = fakeClock();
    await clock.advance(5);
    const deadline = createDeadline(100, clock);
    expect(deadline.remainingMs()).toBe(100);
    await clock.advance(60);
    expect(deadline.remainingMs()).toBe(40);
    await clock.advance(40);
    expect(deadline.remainingMs()).toBe(0);
    await clock.advance(1);
    expect(deadline.remainingMs()).toBe(0);
  });

  it('runs on the process clock by default', () => {
    const leftMs = createDeadline(60_000).remainingMs();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(60_000);
  });

  it.each([0, -1, MAX_TIMER_MS + 1, Date.now(), Number.NaN, Number.POSITIVE_INFINITY, '5'])(
    'is not made of %p',
    (limitMs) => {
      expect(() => createDeadline(limitMs as number)).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          option: 'deadline',
          value: limitMs,
          allowed: 'a finite number above 0 and of at most 2147483647',
        }),
      );
    },
  );

  it('may be as long as a timer can be, and as short as a part of a millisecond', () => {
    const clock = fakeClock();
    expect(createDeadline(MAX_TIMER_MS, clock).remainingMs()).toBe(MAX_TIMER_MS);
    expect(createDeadline(0.25, clock).remainingMs()).toBe(0.25);
  });
});

describe('reading a deadline', () => {
  it('takes a number as milliseconds from now, by the clock given', async () => {
    const clock = fakeClock();
    const deadline = readDeadline(50, clock);
    await clock.advance(20);
    expect(deadline.remainingMs()).toBe(30);
  });

  it('takes a deadline of its own as it is, and asks one of another make', () => {
    const clock = fakeClock();
    const deadline = createDeadline(7, clock);
    expect(readDeadline(deadline, clock)).toBe(deadline);
    expect(readDeadline({ remainingMs: () => 7 }, clock).remainingMs()).toBe(7);
  });

  it.each([0, -0.5, -60_000])(
    'takes %p milliseconds, what is left of a limit, for a deadline that has passed',
    (limitMs) => {
      expect(readDeadline(limitMs, fakeClock()).remainingMs()).toBe(0);
    },
  );

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('a bug');
      },
    ],
    ['answers no number', () => 'soon'],
    ['answers NaN', () => Number.NaN],
    ['answers less than nothing', () => -1],
  ])('takes one of another make that %s for passed', (_, remainingMs) => {
    expect(readDeadline({ remainingMs } as Deadline, fakeClock()).remainingMs()).toBe(0);
  });

  it.each([null, '50', {}, { remainingMs: 50 }, () => 50])('refuses %p', (deadline) => {
    expect(() => readDeadline(deadline as unknown as Deadline, fakeClock())).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        option: 'deadline',
        value: deadline,
        allowed: 'a Deadline, or milliseconds above 0',
      }),
    );
  });
});

describe('waiting for a deadline', () => {
  it('calls back once it has passed', async () => {
    const clock = new RecordingClock();
    let calls = 0;
    onDeadline(createDeadline(100, clock), clock, () => {
      calls += 1;
    });
    await clock.advance(99);
    expect(calls).toBe(0);
    await clock.advance(1);
    await clock.advance(1000);
    expect(calls).toBe(1);
    expect(clock.delaysMs).toEqual([100]);
  });

  it('does not call back early when a timer fires early', async () => {
    const clock = new RecordingClock();
    clock.speed = 0.9;
    let calledMs = 0;
    onDeadline(createDeadline(100, clock), clock, () => {
      calledMs = clock.nowMs();
    });
    await clock.advance(99);
    expect(calledMs).toBe(0);
    await clock.advance(5);
    expect(calledMs).toBeGreaterThanOrEqual(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('rounds a part of a millisecond up, because a timer would cut it off', async () => {
    const clock = new RecordingClock();
    onDeadline(createDeadline(1.5, clock), clock, () => {});
    onDeadline(createDeadline(0.1, clock), clock, () => {});
    expect(clock.delaysMs).toEqual([2, 1]);
  });

  it('does not call back on the spot when it has passed already', async () => {
    const clock = new RecordingClock();
    let calls = 0;
    onDeadline({ remainingMs: () => 0 }, clock, () => {
      calls += 1;
    });
    expect([calls, clock.delaysMs]).toEqual([0, [1]]);
    await clock.advance(1);
    expect(calls).toBe(1);
  });

  it.each([3 * MAX_TIMER_MS, Number.POSITIVE_INFINITY])(
    'waits for one %p ms away, beyond what a timer can do',
    async (remainingMs) => {
      const clock = new RecordingClock();
      let calls = 0;
      onDeadline({ remainingMs: () => Math.max(0, remainingMs - clock.nowMs()) }, clock, () => {
        calls += 1;
      });
      await clock.advance(2.5 * MAX_TIMER_MS);
      expect(calls).toBe(0);
      expect(clock.delaysMs).toEqual([MAX_TIMER_MS, MAX_TIMER_MS, MAX_TIMER_MS]);
      await clock.advance(MAX_TIMER_MS);
      expect(calls).toBe(remainingMs === Number.POSITIVE_INFINITY ? 0 : 1);
    },
  );

  it('can be taken back, also after a timer that fired early', async () => {
    const clock = new RecordingClock();
    clock.speed = 0.5;
    let calls = 0;
    const cancel = onDeadline(createDeadline(100, clock), clock, () => {
      calls += 1;
    });
    await clock.advance(60);
    expect(clock.delaysMs).toHaveLength(2);
    cancel();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1000);
    expect(calls).toBe(0);
  });

  it('tells the caller by an error of its own', () => {
    expect(new DeadlineExceededError()).toMatchObject({
      name: 'DeadlineExceededError',
      code: 'DEADLINE_EXCEEDED',
      message: 'The deadline has passed',
    });
  });
});

describe('the process clock', () => {
  it('does not go back', () => {
    const readings = Array.from({ length: 100 }, () => systemClock.nowMs());
    expect([...readings].sort((a, b) => a - b)).toEqual(readings);
  });

  it('fires a timer once', async () => {
    const fired = await new Promise((resolve) => systemClock.schedule(() => resolve('fired'), 1));
    expect(fired).toBe('fired');
  });

  it('does not fire one that was taken back', async () => {
    let isFired = false;
    const timer = systemClock.schedule(() => {
      isFired = true;
    }, 1);
    timer.cancel();
    await new Promise<void>((resolve) => systemClock.schedule(() => resolve(), 20));
    expect(isFired).toBe(false);
  });

  it('does not fire at once when the delay is longer than a timer can be', async () => {
    // Node fires such a timer after 1 ms.
    let isFired = false;
    const timer = systemClock.schedule(() => {
      isFired = true;
    }, 10 * MAX_TIMER_MS);
    await new Promise<void>((resolve) => systemClock.schedule(() => resolve(), 20));
    timer.cancel();
    expect(isFired).toBe(false);
  });
});
