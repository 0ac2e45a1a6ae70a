import { createMoments, DAY_MS } from './moments';

const UNTIL_MS = Date.UTC(2026, 0);
const moments = createMoments({ untilMs: UNTIL_MS });
const SHARES = Array.from({ length: 101 }, (_, at) => at / 100);

describe('the moments of the data', () => {
  it('end the log at its end, two years after its start', () => {
    expect(moments.ofLog(1)).toBeCloseTo(UNTIL_MS, 0);
    expect(moments.ofLog(0)).toBe(UNTIL_MS - 730 * DAY_MS);
  });

  it('bring three times as many events per day at the end as at the start', () => {
    const [start, end] = [moments.ofLog(0.001) - moments.ofLog(0), moments.ofLog(1) - moments.ofLog(0.999)];
    expect(start / end).toBeCloseTo(3, 1);
  });

  it('tell of each time which accounts exist, as they tell when each comes', () => {
    for (const share of SHARES) expect(moments.accountsAt(moments.ofAccounts(share))).toBeCloseTo(share, 6);
  });

  it('have no accounts before the first, and all of them after the end', () => {
    expect(moments.accountsAt(moments.ofAccounts(0) - DAY_MS)).toBe(0);
    expect(moments.accountsAt(UNTIL_MS + DAY_MS)).toBe(1);
  });
});
