import { MAX_TIMER_MS } from '../clock/clock';
import { fakeClock } from '../clock/fake-clock';
import { fail, holdCall, succeed, thrownBy } from '../test/breaker-calls';
import type { CircuitBreakerOptions } from './breaker-options';
import { circuitBreaker } from './circuit-breaker';
import type { CircuitSnapshot } from './circuit-snapshot';
import { consecutiveFailures } from './consecutive-failures';
import { countWindow } from './count-window';

const ONE_FAILURE = { tripRule: consecutiveFailures(1), breakMs: 1_000, halfOpenPermits: 1 };

/** A breaker of a process that has run for so long. */
async function create(ageMs: number, options: CircuitBreakerOptions = ONE_FAILURE) {
  const clock = fakeClock();
  await clock.advance(ageMs);
  return { clock, breaker: circuitBreaker({ clock, ...options }) };
}

function throughJson(snapshot: CircuitSnapshot): CircuitSnapshot {
  return JSON.parse(JSON.stringify(snapshot));
}

describe('an exported state', () => {
  it('of an open circuit says how much of the break is left, never less than nothing', async () => {
    const { clock, breaker } = await create(123_456);
    await fail(breaker);
    await clock.advance(400);
    expect(breaker.exportState()).toStrictEqual({ state: 'open', remainingMs: 600, breakMs: 1_000 });
    await clock.advance(86_400_000);
    expect(breaker.exportState()).toStrictEqual({ state: 'open', remainingMs: 0, breakMs: 1_000 });
  });

  it('of a half-open circuit says how long the last break was', async () => {
    const { clock, breaker } = await create(0);
    await fail(breaker);
    await clock.advance(1_000);
    holdCall(breaker);
    expect(breaker.exportState()).toStrictEqual({ state: 'half-open', breakMs: 1_000 });
  });

  it('of an isolated circuit says just that', async () => {
    const { breaker } = await create(0);
    breaker.isolate();
    expect(breaker.exportState()).toStrictEqual({ state: 'isolated' });
  });

  it('of a closed circuit holds the counts of its rule', async () => {
    const row = await create(0, { tripRule: consecutiveFailures(5) });
    await fail(row.breaker, 3);
    expect(row.breaker.exportState()).toStrictEqual({
      state: 'closed',
      tally: { rule: 'consecutiveFailures', counts: [3] },
    });
    const last = await create(0, { tripRule: countWindow({ size: 5 }) });
    await succeed(last.breaker);
    await fail(last.breaker);
    expect(last.breaker.exportState()).toStrictEqual({
      state: 'closed',
      tally: { rule: 'countWindow', counts: [0, 1] },
    });
  });

  it('of a time window holds ten slices of calls, failures and slow calls, the current one first', async () => {
    const { clock, breaker } = await create(5_000, { windowMs: 1_000 });
    await fail(breaker, 2);
    await clock.advance(300);
    await succeed(breaker);
    expect(breaker.exportState()).toStrictEqual({
      state: 'closed',
      tally: { rule: 'timeWindow', counts: [1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, ...new Array(18).fill(0)] },
    });
  });
});

describe('a state that is restored through JSON in a process of another age', () => {
  it.each([
    [0, 86_400_000],
    [86_400_000, 0],
    [1_234.5, 77],
  ])('goes on where the break was: from age %d ms to age %d ms', async (oldAgeMs, newAgeMs) => {
    const before = await create(oldAgeMs);
    await fail(before.breaker);
    await before.clock.advance(400);
    const after = await create(newAgeMs);
    after.breaker.restoreState(throughJson(before.breaker.exportState()));
    expect(after.breaker.state).toBe('open');
    expect(await fail(after.breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 600 });
    await after.clock.advance(600);
    expect(await fail(after.breaker)).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await fail(after.breaker)).toMatchObject({ code: 'CIRCUIT_OPEN', retryAfterMs: 2_000 });
  });

  it('comes back open with its break over when it was half-open, since its trials are gone', async () => {
    const before = await create(0);
    await fail(before.breaker);
    await before.clock.advance(1_000);
    holdCall(before.breaker);
    const after = await create(5_000);
    after.breaker.restoreState(throughJson(before.breaker.exportState()));
    expect(after.breaker.state).toBe('open');
    await fail(after.breaker);
    expect(await fail(after.breaker)).toMatchObject({ retryAfterMs: 2_000 });
  });

  it('stays isolated', async () => {
    const before = await create(0);
    before.breaker.isolate();
    const after = await create(9);
    after.breaker.restoreState(throughJson(before.breaker.exportState()));
    expect(after.breaker.state).toBe('isolated');
  });

  it('keeps the failures in a row', async () => {
    const options = { tripRule: consecutiveFailures(3) };
    const [before, after] = [await create(0, options), await create(50, options)];
    await fail(before.breaker, 2);
    after.breaker.restoreState(throughJson(before.breaker.exportState()));
    await fail(after.breaker);
    expect(after.breaker.state).toBe('open');
  });

  it('keeps the last calls and their order', async () => {
    const options = { tripRule: countWindow({ size: 4, minimumThroughput: 4, failureRatio: 0.75 }) };
    const [before, after] = [await create(0, options), await create(50, options)];
    await succeed(before.breaker);
    await fail(before.breaker, 2);
    await succeed(before.breaker, 2);
    after.breaker.restoreState(throughJson(before.breaker.exportState()));
    expect(after.breaker.exportState()).toMatchObject({ tally: { counts: [1, 1, 0, 0] } });
    // Each new failure pushes an old one out.
    await fail(after.breaker, 2);
    expect(after.breaker.state).toBe('closed');
    await fail(after.breaker);
    expect(after.breaker.state).toBe('open');
  });

  it('keeps the calls of the window and their age', async () => {
    const options = { windowMs: 1_000, minimumThroughput: 4 };
    const before = await create(7_000, options);
    await fail(before.breaker, 2);
    await before.clock.advance(500);
    await fail(before.breaker);
    const snapshot = throughJson(before.breaker.exportState());

    const soon = await create(123_000, options);
    soon.breaker.restoreState(snapshot);
    expect(soon.breaker.exportState()).toStrictEqual(snapshot);
    await soon.clock.advance(499);
    await fail(soon.breaker);
    expect(soon.breaker.state).toBe('open');

    const later = await create(123_000, options);
    later.breaker.restoreState(snapshot);
    await later.clock.advance(500);
    await fail(later.breaker, 2);
    expect(later.breaker.state).toBe('closed');
    await fail(later.breaker);
    expect(later.breaker.state).toBe('open');
  });
});

describe('restoring', () => {
  it('fences off the calls that are running', async () => {
    const { breaker } = await create(0);
    const running = holdCall(breaker);
    breaker.restoreState(breaker.exportState());
    await running.fail(Object.assign(new Error('late'), { code: 'ECONNRESET' }));
    expect(breaker.state).toBe('closed');
  });

  it('accepts the longest and the shortest break there can be', async () => {
    const { breaker } = await create(0);
    breaker.restoreState({ state: 'open', remainingMs: MAX_TIMER_MS, breakMs: MAX_TIMER_MS });
    expect(await fail(breaker)).toMatchObject({ retryAfterMs: MAX_TIMER_MS });
    breaker.restoreState({ state: 'open', remainingMs: 0, breakMs: Number.MIN_VALUE });
    expect(holdCall(breaker).isAdmitted).toBe(true);
  });
});

describe('what is no state', () => {
  const COUNTS = 'a rule and its counts';
  const BREAK = `a finite number above 0 and of at most ${MAX_TIMER_MS}`;
  const REMAINING = `a finite number of at least 0 and of at most ${MAX_TIMER_MS}`;
  const tallyOf = (counts: unknown, rule: unknown = 'consecutiveFailures') => ({ rule, counts });
  const closed = (tally: unknown) => ({ state: 'closed', tally });

  it.each([
    [undefined, 'snapshot', undefined, 'what exportState returned'],
    [null, 'snapshot', null, 'what exportState returned'],
    [{ state: 'ajar' }, 'snapshot', { state: 'ajar' }, 'what exportState returned'],
    [closed(undefined), 'snapshot.tally', undefined, COUNTS],
    [closed(null), 'snapshot.tally', null, COUNTS],
    [closed('3'), 'snapshot.tally', '3', COUNTS],
    [closed(tallyOf('3')), 'snapshot.tally', tallyOf('3'), COUNTS],
    [closed(tallyOf([-1])), 'snapshot.tally', tallyOf([-1]), COUNTS],
    [closed(tallyOf([0.5])), 'snapshot.tally', tallyOf([0.5]), COUNTS],
    [closed(tallyOf(['1'])), 'snapshot.tally', tallyOf(['1']), COUNTS],
    [closed(tallyOf([0], 7)), 'snapshot.tally', tallyOf([0], 7), COUNTS],
    [closed(tallyOf([0, null])), 'snapshot.tally', tallyOf([0, null]), COUNTS],
    [{ state: 'open', remainingMs: 1, breakMs: 0 }, 'snapshot.breakMs', 0, BREAK],
    [{ state: 'open', remainingMs: 1, breakMs: null }, 'snapshot.breakMs', null, BREAK],
    [{ state: 'open', remainingMs: 1, breakMs: 2 ** 31 }, 'snapshot.breakMs', 2 ** 31, BREAK],
    [{ state: 'open', remainingMs: -1, breakMs: 1 }, 'snapshot.remainingMs', -1, REMAINING],
    [{ state: 'open', remainingMs: 2 ** 31, breakMs: 1 }, 'snapshot.remainingMs', 2 ** 31, REMAINING],
    [{ state: 'open', breakMs: 1 }, 'snapshot.remainingMs', undefined, REMAINING],
    [{ state: 'half-open', breakMs: '5' }, 'snapshot.breakMs', '5', BREAK],
    [{ state: 'half-open', breakMs: 0 }, 'snapshot.breakMs', 0, BREAK],
  ])('%j is refused, and the circuit is as it was', async (snapshot, option, value, allowed) => {
    const { breaker } = await create(0);
    await fail(breaker);
    const before = breaker.exportState();
    const error = thrownBy(() => breaker.restoreState(snapshot as CircuitSnapshot));
    expect(error).toMatchObject({ name: 'InvalidOptionError', option, value, allowed });
    expect(breaker.exportState()).toEqual(before);
  });

  const rules: readonly (readonly [string, CircuitBreakerOptions, readonly number[]])[] = [
    ['timeWindow', {}, new Array(30).fill(0)],
    ['countWindow', { tripRule: countWindow({ size: 2 }) }, [0, 1]],
    ['consecutiveFailures', { tripRule: consecutiveFailures(2) }, [1]],
  ];
  const pairs = rules.flatMap(([own, options]) =>
    rules.map(([other, , counts]) => ({ own, options, other, counts })),
  );

  it.each(pairs)(
    '$own takes counts of $other only when they are its own',
    ({ own, options, other, counts }) => {
      const breaker = circuitBreaker(options);
      const restore = () => breaker.restoreState({ state: 'closed', tally: { rule: other, counts } });
      if (own === other) {
        restore();
        expect(breaker.exportState()).toEqual({ state: 'closed', tally: { rule: own, counts } });
      } else {
        expect(thrownBy(restore)).toMatchObject({
          option: 'snapshot.tally',
          value: other,
          allowed: "counts of this breaker's own trip rule",
        });
      }
    },
  );

  it.each(rules)(
    '%s refuses too many and, where they are a fixed number, too few',
    (rule, options, counts) => {
      const breaker = circuitBreaker(options);
      const restore = (changed: readonly number[]) => () =>
        breaker.restoreState({ state: 'closed', tally: { rule, counts: changed } });
      expect(thrownBy(restore([...counts, 0]))).toMatchObject({ option: 'snapshot.tally' });
      if (rule !== 'countWindow') {
        expect(thrownBy(restore(counts.slice(1)))).toMatchObject({ option: 'snapshot.tally' });
      } else {
        restore(counts.slice(1))();
        expect(breaker.exportState()).toMatchObject({ tally: { counts: [1] } });
      }
    },
  );
});

describe('counts of another rule', () => {
  const thirty = new Array(30).fill(0);
  it.each([
    ['a count window of 30 calls', undefined, { rule: 'countWindow', counts: thirty }],
    ['a time window', countWindow({ size: 30 }), { rule: 'timeWindow', counts: thirty }],
    ['failures in a row', countWindow({ size: 30 }), { rule: 'consecutiveFailures', counts: [0] }],
    ['a count window of one call', consecutiveFailures(5), { rule: 'countWindow', counts: [0] }],
    ['more failures than calls', undefined, { rule: 'timeWindow', counts: [1, 2, ...thirty.slice(2)] }],
    ['more slow calls than calls', undefined, { rule: 'timeWindow', counts: [...thirty.slice(3), 1, 1, 2] }],
    ['its own rule, but too many', consecutiveFailures(5), { rule: 'consecutiveFailures', counts: [1, 2] }],
  ])('are refused, though there are as many: %s', async (_, tripRule, tally) => {
    const { breaker } = await create(0, { tripRule });
    expect(() => breaker.restoreState({ state: 'closed', tally })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'snapshot.tally' }),
    );
  });
});
