import { FULL_SETTING, QUICK_SETTING } from './setting';
import { drawTransfers } from './transfer';

describe('the transfers of a run', () => {
  const transfers = drawTransfers(FULL_SETTING);
  const { accounts, startBalance, refusedShare } = FULL_SETTING;

  it('are the same for the same seed, and others for another', () => {
    expect(drawTransfers(QUICK_SETTING)).toEqual(drawTransfers(QUICK_SETTING));
    expect(drawTransfers({ ...QUICK_SETTING, seed: 2 })).not.toEqual(drawTransfers(QUICK_SETTING));
  });

  it('have an id each', () => {
    expect(new Set(transfers.map(({ id }) => id)).size).toBe(FULL_SETTING.transfers);
  });

  it('reach every account from every side, and never go from one to itself', () => {
    const all = Array.from({ length: accounts }, (_, at) => at + 1);
    const sort = (ids: readonly number[]) => [...new Set(ids)].toSorted((a, b) => a - b);
    expect(sort(transfers.map(({ from }) => from))).toEqual(all);
    expect(sort(transfers.map(({ to }) => to))).toEqual(all);
    expect(transfers.filter(({ from, to }) => from === to)).toEqual([]);
  });

  it('ask for more than there is where they shall be refused', () => {
    const refused = transfers.filter(({ isRefused }) => isRefused);
    expect(refused.length / transfers.length).toBeCloseTo(refusedShare, 2);
    expect(refused.every(({ amount }) => amount > accounts * startBalance)).toBe(true);
  });

  it('cannot overdraw an account otherwise', () => {
    const debits = new Map<number, number>();
    for (const { from, amount, isRefused } of transfers) {
      if (!isRefused) debits.set(from, (debits.get(from) ?? 0) + amount);
    }
    // Twice over, as whoever applies transfers twice would.
    expect(2 * Math.max(...debits.values())).toBeLessThan(startBalance);
  });
});
