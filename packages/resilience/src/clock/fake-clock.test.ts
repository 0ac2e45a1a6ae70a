import * as fc from 'fast-check';
import { fakeClock } from './fake-clock';

describe('a fake clock', () => {
  it('stands still until it is moved', async () => {
    const clock = fakeClock();
    expect(clock.nowMs()).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.nowMs()).toBe(0);
    await clock.advance(1.5);
    await clock.advance(0);
    expect(clock.nowMs()).toBe(1.5);
  });

  it('fires a timer at its time, not before and only once', async () => {
    const clock = fakeClock();
    const firedMs: number[] = [];
    clock.schedule(() => firedMs.push(clock.nowMs()), 10);
    await clock.advance(9);
    expect(firedMs).toEqual([]);
    await clock.advance(1);
    await clock.advance(100);
    expect(firedMs).toEqual([10]);
  });

  it('fires timers in the order they are due, and those due together in the order they were set', async () => {
    const timers = fc.array(fc.record({ delayMs: fc.nat({ max: 20 }), isCancelled: fc.boolean() }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(timers, async (set) => {
        const clock = fakeClock();
        const fired: number[] = [];
        const handles = set.map(({ delayMs }, at) => clock.schedule(() => fired.push(at), delayMs));
        set.forEach(({ isCancelled }, at) => {
          if (isCancelled) handles[at]?.cancel();
        });
        await clock.advance(20);
        const expected = set
          .map(({ delayMs, isCancelled }, at) => ({ delayMs, isCancelled, at }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((a, b) => a.delayMs - b.delayMs || a.at - b.at);
        expect(fired).toEqual(expected.map(({ at }) => at));
      }),
    );
  });

  it('lets the consequences of one timer run before the next', async () => {
    const clock = fakeClock();
    const seen: string[] = [];
    clock.schedule(() => {
      seen.push('first');
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => clock.schedule(() => seen.push('set by the first'), 1));
    }, 10);
    clock.schedule(() => seen.push('second'), 12);
    await clock.advance(20);
    expect(seen).toEqual(['first', 'set by the first', 'second']);
  });

  it('is never moved back', async () => {
    const clock = fakeClock();
    await clock.advance(10);
    await expect(clock.advance(-1)).rejects.toMatchObject({ code: 'INVALID_OPTION', option: 'durationMs' });
    await expect(clock.advance(Number.NaN)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(clock.nowMs()).toBe(10);
  });

  it('takes a delay below zero as none', async () => {
    const clock = fakeClock();
    await clock.advance(5);
    let firedMs = 0;
    clock.schedule(() => {
      firedMs = clock.nowMs();
    }, -3);
    await clock.advance(0);
    expect(firedMs).toBe(5);
  });
});

describe('the pending timers of a fake clock', () => {
  it('are those that are set and hold the process', async () => {
    const clock = fakeClock();
    const timers = [1, 2, 3].map((delayMs) => clock.schedule(() => {}, delayMs));
    expect(clock.pendingTimers).toBe(3);
    timers[0]?.unref();
    expect(clock.pendingTimers).toBe(2);
    timers[0]?.ref();
    timers[1]?.cancel();
    timers[1]?.cancel();
    expect(clock.pendingTimers).toBe(2);
    await clock.advance(1);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('fire although they do not hold the process', async () => {
    const clock = fakeClock();
    let isFired = false;
    const timer = clock.schedule(() => {
      isFired = true;
    }, 10);
    timer.unref();
    await clock.advance(10);
    expect(isFired).toBe(true);
  });
});

describe('running a fake clock until a promise settles', () => {
  it('goes no further than it takes', async () => {
    const clock = fakeClock();
    const promise = new Promise<string>((resolve) => clock.schedule(() => resolve('done'), 10));
    clock.schedule(() => {}, 11);
    await expect(clock.runUntilSettled(promise)).resolves.toBe('done');
    expect(clock.nowMs()).toBe(10);
  });

  it('needs no time for one that has settled', async () => {
    const clock = fakeClock();
    clock.schedule(() => {}, 10);
    const failure = new Error('failed');
    await expect(clock.runUntilSettled(Promise.reject(failure))).rejects.toBe(failure);
    expect(clock.nowMs()).toBe(0);
  });

  it('is refused when nothing is left that could settle it', async () => {
    const clock = fakeClock();
    clock.schedule(() => {}, 10).cancel();
    await expect(clock.runUntilSettled(new Promise(() => {}))).rejects.toThrow(
      'The promise is pending and no timer is left',
    );
  });
});
