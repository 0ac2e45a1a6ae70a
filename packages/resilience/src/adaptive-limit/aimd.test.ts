import { thrownBy } from '../test/breaker-calls';
import { type AimdOptions, aimd } from './aimd';

const rule = aimd({ maxLatencyMs: 100 });
const used = { active: 10, isOverload: false };

describe('aimd', () => {
  it('grows by one for each round of operations', () => {
    const tracker = rule.createTracker();
    expect(tracker.record({ ...used, latencyMs: 50 }, 10)).toBe(10 + 1 / 10);
    let limit = 4;
    for (let call = 0; call < 4; call++) limit = tracker.record({ ...used, latencyMs: 50 }, limit);
    expect(limit).toBeCloseTo(4.9, 1);
  });

  it('shrinks to nine tenths when an operation takes too long', () => {
    const tracker = rule.createTracker();
    expect(tracker.record({ ...used, latencyMs: 100 }, 10)).toBe(10.1);
    expect(tracker.record({ ...used, latencyMs: 100.1 }, 10)).toBe(9);
  });

  it('shrinks once for all that ran together: one pause does not take the whole limit away', () => {
    const tracker = rule.createTracker();
    const limits: number[] = [];
    for (let call = 0; call < 11; call++)
      limits.push(tracker.record({ active: 10 - (call % 10), isOverload: false, latencyMs: 500 }, 10));
    expect(limits).toEqual([9, ...Array.from({ length: 9 }, () => 10), 9]);
  });

  it('grows by what is fast in a round for which it has shrunk, and counts that as part of it', () => {
    const tracker = rule.createTracker();
    const round = { active: 3, isOverload: false };
    expect(tracker.record({ ...round, latencyMs: 101 }, 4)).toBe(3.6);
    expect(tracker.record({ ...round, latencyMs: 1 }, 4)).toBe(4.25);
    expect(tracker.record({ ...round, latencyMs: 101 }, 4)).toBe(4);
    expect(tracker.record({ ...round, latencyMs: 101 }, 4)).toBe(3.6);
  });

  it('keeps the rounds of one dependency apart from those of another', () => {
    const [one, other] = [rule.createTracker(), rule.createTracker()];
    expect(one.record({ ...used, latencyMs: 101 }, 10)).toBe(9);
    expect(other.record({ ...used, latencyMs: 101 }, 10)).toBe(9);
  });

  it('shrinks at overload, however fast that came and however little ran', () => {
    expect(rule.createTracker().record({ latencyMs: 0, active: 1, isOverload: true }, 10)).toBe(9);
  });

  it('shrinks by the ratio it is given', () => {
    const tracker = aimd({ maxLatencyMs: 100, backoffRatio: 0.5 }).createTracker();
    expect(tracker.record({ ...used, latencyMs: 101 }, 10)).toBe(5);
  });

  it('does not grow while less than half of the limit is used', () => {
    const tracker = rule.createTracker();
    expect(tracker.record({ latencyMs: 1, active: 4, isOverload: false }, 10)).toBe(10);
    expect(tracker.record({ latencyMs: 1, active: 5, isOverload: false }, 10)).toBe(10.1);
  });

  const ratio = 'a finite number of at least 0.5 and below 1';
  it.each([
    ['maxLatencyMs', undefined, 'a finite number above 0'],
    ['maxLatencyMs', 0, 'a finite number above 0'],
    ['maxLatencyMs', Number.POSITIVE_INFINITY, 'a finite number above 0'],
    ['backoffRatio', 0.49, ratio],
    ['backoffRatio', 1, ratio],
    ['backoffRatio', '0.9', ratio],
  ])('refuses %s = %p', (option, value, allowed) => {
    const options = { maxLatencyMs: 100, [option]: value } as AimdOptions;
    expect(thrownBy(() => aimd(options))).toMatchObject({ code: 'INVALID_OPTION', option, value, allowed });
  });

  it('refuses an option that nobody reads', () => {
    expect(thrownBy(() => aimd({ maxLatencyMs: 1, ratio: 1 } as AimdOptions))).toMatchObject({
      option: 'aimd option',
      value: 'ratio',
      allowed: 'one of maxLatencyMs, backoffRatio',
    });
  });
});
