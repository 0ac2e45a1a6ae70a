import { MAX_TIMER_MS } from '../clock/clock';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import { retry } from '../retry/retry';
import { thrownBy } from '../test/breaker-calls';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { failingWith, refused } from '../test/retry-operations';
import { timeout } from '../timeout/timeout';
import { type Fault, injectFaults } from './inject-faults';

describe('injected faults', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = fakeClock();
  });

  it('pass: the operation runs as if nothing were there', async () => {
    const subject = failingWith();
    const policy = injectFaults([{ kind: 'pass' }]);
    await expect(policy.execute(subject.operation)).resolves.toBe('done');
    expect(subject.calls).toBe(1);
  });

  it('fail: the call rejects with the very error, and the operation is not run', async () => {
    const error = refused();
    const subject = failingWith();
    const policy = injectFaults([
      { kind: 'fail', error },
      { kind: 'fail', error: undefined },
    ]);
    expect(await caught(policy.execute(subject.operation))).toBe(error);
    expect(await caught(policy.execute(subject.operation))).toBeUndefined();
    expect(subject.calls).toBe(0);
  });

  it('delay: the operation runs that much later', async () => {
    const subject = failingWith();
    const policy = injectFaults([{ kind: 'delay', delayMs: 100 }], { clock });
    const outcome = watch(policy.execute(subject.operation));
    await clock.advance(99);
    expect(subject.calls).toBe(0);
    await clock.advance(1);
    expect(subject.calls).toBe(1);
    expect(outcome.value).toBe('done');
    expect(clock.pendingTimers).toBe(0);
  });

  it('delay: the operation that runs then is the one that ends the call, whatever is aborted meanwhile', async () => {
    const controller = new AbortController();
    const work = new ManualWork();
    const policy = injectFaults([{ kind: 'delay', delayMs: 100 }], { clock });
    const outcome = watch(policy.execute(work.operation, controller));
    await clock.advance(100);
    controller.abort('left');
    await settled();
    expect(outcome.state).toBe('pending');
    work.run(0).succeed('committed');
    await settled();
    expect(outcome.value).toBe('committed');
  });

  it('hang: the operation is not run and nothing comes back', async () => {
    const subject = failingWith();
    const policy = injectFaults([{ kind: 'hang' }], { clock });
    const outcome = watch(policy.execute(subject.operation, { signal: new AbortController().signal }));
    await clock.advance(MAX_TIMER_MS);
    expect(outcome.state).toBe('pending');
    expect(subject.calls).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<Fault>([{ kind: 'delay', delayMs: 100 }, { kind: 'hang' }])(
    'end with an abort of the caller, and run nothing: $kind',
    async (fault) => {
      const controller = new AbortController();
      const subject = failingWith();
      const outcome = watch(injectFaults([fault], { clock }).execute(subject.operation, controller));
      await clock.advance(50);
      const reason = new Error('the caller left');
      controller.abort(reason);
      await settled();
      expect(outcome.error).toBe(reason);
      expect(clock.pendingTimers).toBe(0);
      await clock.advance(1000);
      expect(subject.calls).toBe(0);
    },
  );

  it.each<Fault>([{ kind: 'delay', delayMs: 100 }, { kind: 'hang' }])(
    'end with the deadline: $kind',
    async (fault) => {
      const subject = failingWith();
      const call = injectFaults([fault], { clock }).execute(subject.operation, { deadline: 60 });
      expect(await caught(clock.runUntilSettled(call))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(clock.nowMs()).toBe(60);
      expect(subject.calls).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it('end with a timeout around them, which has nothing to leave behind', async () => {
    const policy = pipeline([timeout({ timeoutMs: 60, clock }), injectFaults([{ kind: 'hang' }], { clock })]);
    const outcome = watch(policy.execute(() => 'done'));
    await clock.advance(60);
    expect(outcome.error).toMatchObject({ code: 'TIMEOUT' });
  });

  it.each<Fault>([{ kind: 'pass' }, { kind: 'delay', delayMs: 100 }, { kind: 'hang' }])(
    'do not befall a call that a listener on the way in has aborted: $kind',
    async (fault) => {
      const controller = new AbortController();
      const outer = retry({ clock });
      outer.on('attempt', () => controller.abort('left'));
      const faults = injectFaults([fault], { clock });
      const subject = failingWith();
      const outcome = watch(pipeline([outer, faults]).execute(subject.operation, controller));
      await settled();
      expect(outcome).toMatchObject({ state: 'rejected', error: 'left' });
      expect(subject.calls).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it('befall one call each in the order in which they come through, and then calls pass', async () => {
    const [first, third] = [new Error('first'), new Error('third')];
    const policy = injectFaults([
      { kind: 'fail', error: first },
      { kind: 'pass' },
      { kind: 'fail', error: third },
    ]);
    const calls = Array.from({ length: 5 }, () => watch(policy.execute(() => 'done')));
    await settled();
    expect(calls.map(({ error, value }) => error ?? value)).toEqual([first, 'done', third, 'done', 'done']);
  });

  it('befall each attempt anew', async () => {
    const faults = injectFaults(
      [
        { kind: 'fail', error: refused() },
        { kind: 'delay', delayMs: 5 },
        { kind: 'fail', error: refused() },
      ],
      { clock },
    );
    const policy = pipeline([retry({ baseDelayMs: 10, jitter: false, clock }), faults]);
    const subject = failingWith(refused());
    await expect(clock.runUntilSettled(policy.execute(subject.operation))).resolves.toBe('done');
    expect(subject.calls).toBe(2);
    // Waits of 10, 20 and 40 ms, and the delay.
    expect(clock.nowMs()).toBe(75);
  });

  it('come from a generator as they are needed, even from one that never ends', async () => {
    let asked = 0;
    function* everyOther(): Generator<Fault> {
      for (;;) {
        asked += 1;
        yield asked % 2 === 0 ? { kind: 'pass' } : { kind: 'fail', error: 'odd' };
      }
    }
    const policy = injectFaults(everyOther());
    expect(asked).toBe(0);
    const calls = Array.from({ length: 4 }, () => watch(policy.execute(() => 'done')));
    await settled();
    expect(calls.map(({ error, value }) => error ?? value)).toEqual(['odd', 'done', 'odd', 'done']);
    expect(asked).toBe(4);
  });

  it('of a generator that throws fail the call with its error, and then calls pass', async () => {
    const broken = new Error('a bug in the schedule');
    // biome-ignore lint/correctness/useYield: it throws before there is anything to yield.
    function* throwing(): Generator<Fault> {
      throw broken;
    }
    const policy = injectFaults(throwing());
    expect(await caught(policy.execute(() => 'done'))).toBe(broken);
    await expect(policy.execute(() => 'done')).resolves.toBe('done');
  });

  const kinds = 'of kind pass, fail, delay or hang';
  it.each<[unknown, string, unknown, string]>([
    [{ kind: 'explode' }, 'fault', { kind: 'explode' }, kinds],
    [{}, 'fault', {}, kinds],
    ['hang', 'fault', 'hang', kinds],
    [undefined, 'fault', undefined, kinds],
    [null, 'fault', null, kinds],
    [
      { kind: 'delay', delayMs: -1 },
      'fault.delayMs',
      -1,
      `a finite number of at least 0 and of at most ${MAX_TIMER_MS}`,
    ],
    [
      { kind: 'delay', delayMs: Number.NaN },
      'fault.delayMs',
      Number.NaN,
      `a finite number of at least 0 and of at most ${MAX_TIMER_MS}`,
    ],
    [
      { kind: 'delay', delayMs: MAX_TIMER_MS + 1 },
      'fault.delayMs',
      MAX_TIMER_MS + 1,
      `a finite number of at least 0 and of at most ${MAX_TIMER_MS}`,
    ],
  ])('that are none, such as %j, are refused', async (fault, option, value, allowed) => {
    const refusal = { code: 'INVALID_OPTION', option, value, allowed };
    expect(thrownBy(() => injectFaults([{ kind: 'pass' }, fault as Fault]))).toMatchObject(refusal);

    const subject = failingWith();
    const lazy = injectFaults(new Set([fault as Fault]));
    expect(await caught(lazy.execute(subject.operation))).toMatchObject(refusal);
    expect(subject.calls).toBe(0);
    await expect(lazy.execute(subject.operation)).resolves.toBe('done');
  });

  it.each([undefined, null, 'hang', 5, {}, { kind: 'hang' }])('are no schedule: %p', (schedule) => {
    expect(thrownBy(() => injectFaults(schedule as Iterable<Fault>))).toMatchObject({
      code: 'INVALID_OPTION',
      option: 'schedule',
      value: schedule,
      allowed: 'an array, or another iterable, of faults',
    });
  });

  it('have an option, and no other', () => {
    expect(thrownBy(() => injectFaults([], { clok: clock } as object))).toMatchObject({
      option: 'injectFaults option',
      value: 'clok',
      allowed: 'one of clock',
    });
    expect(thrownBy(() => injectFaults([], { clock: {} as FakeClock }))).toMatchObject({ option: 'clock' });
  });

  it('take the shortest and the longest delay', async () => {
    const policy = injectFaults(
      [
        { kind: 'delay', delayMs: 0 },
        { kind: 'delay', delayMs: MAX_TIMER_MS },
      ],
      { clock },
    );
    await clock.runUntilSettled(policy.execute(() => 'done'));
    expect(clock.nowMs()).toBe(0);
    await clock.runUntilSettled(policy.execute(() => 'done'));
    expect(clock.nowMs()).toBe(MAX_TIMER_MS);
  });
});
