import { RemainingTime } from './remaining-time';

const at = (phase: string, done = 0, total = 0) => ({ phase, done, total, unit: undefined });
const SCAN = 'building index: scanning table';
const LAST_SCAN = 'index validation: scanning table';

describe('the time that a build has left', () => {
  it('follows the pace so far', () => {
    const remaining = new RemainingTime(0);
    expect(remaining.estimateMs(at(SCAN, 0, 100), 1_000)).toBeUndefined();
    const half = remaining.estimateMs(at(SCAN, 50, 100), 2_000);
    expect(half).toBeGreaterThan(6_000);
    const end = remaining.estimateMs(at(LAST_SCAN, 100, 100), 10_000);
    expect(end).toBeCloseTo(0);
  });

  it('is right, at every phase, of a build whose phases take their usual shares', () => {
    const remaining = new RemainingTime(0);
    const usual = [
      [SCAN, 3_200],
      ['building index: sorting live tuples', 4_200],
      ['building index: loading tuples in tree', 6_700],
      ['index validation: scanning index', 7_500],
      ['index validation: sorting tuples', 8_800],
      [LAST_SCAN, 10_000],
    ] as const;
    for (const [phase, endsAt] of usual)
      expect(remaining.estimateMs(at(phase, 1, 1), endsAt)).toBeCloseTo(10_000 - endsAt);
  });

  it('is not known while others are waited for, whose time does not count as pace', () => {
    const remaining = new RemainingTime(0);
    remaining.estimateMs(at(SCAN, 100, 100), 4_000);
    expect(remaining.estimateMs(at('waiting for writers before validation', 0, 1), 4_000)).toBeUndefined();
    expect(remaining.estimateMs(at('waiting for writers before validation', 0, 1), 60_000)).toBeUndefined();
    const after = remaining.estimateMs(at('index validation: scanning index', 0, 10), 60_000) as number;
    expect(after).toBeLessThan(8_000);
  });

  it('of a method that builds in one phase counts that as the whole build', () => {
    const remaining = new RemainingTime(0);
    expect(remaining.estimateMs(at('building index', 100, 100), 6_700)).toBeCloseTo(3_300);
  });
});
