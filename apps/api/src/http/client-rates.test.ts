import { ClientRates } from './client-rates';
import { networkOf } from './limit-clients';

/** Rates on a clock that only the test moves. */
function openRates({ perSecond = 2, burst = 4, most = 3 } = {}) {
  const clock = { ms: 0 };
  return { clock, rates: new ClientRates({ perSecond, burst, most }, () => clock.ms) };
}

const takeMany = (rates: ClientRates, client: string, count: number) =>
  Array.from({ length: count }, () => rates.take(client).isRefused);

describe('ClientRates', () => {
  it('lets a burst in and refuses what comes on top, for each client apart', () => {
    const { rates } = openRates();
    expect(takeMany(rates, 'a', 6)).toEqual([false, false, false, false, true, true]);
    expect(rates.take('b')).toMatchObject({ isRefused: false, left: 3, nextAfterMs: 0 });
    expect(rates.refused).toBe(2);
  });

  it('lets in who comes back when it was told to, and not before', () => {
    const { rates, clock } = openRates();
    takeMany(rates, 'a', 4);
    const { isRefused, nextAfterMs, fullAfterMs } = rates.take('a');
    expect({ isRefused, nextAfterMs, fullAfterMs }).toEqual({
      isRefused: true,
      nextAfterMs: 500,
      fullAfterMs: 2_000,
    });
    clock.ms += 499;
    expect(rates.take('a').isRefused).toBe(true);
    clock.ms += 1;
    expect(rates.take('a').isRefused).toBe(false);
  });

  it('saves up no more than a burst', () => {
    const { rates, clock } = openRates();
    rates.take('a');
    clock.ms += 3_600_000;
    expect(takeMany(rates, 'a', 5)).toEqual([false, false, false, false, true]);
  });

  it('lets no more in than the rate in the long run, however often it is asked', () => {
    const { rates, clock } = openRates();
    let accepted = 0;
    for (; clock.ms < 60_000; clock.ms += 10) if (!rates.take('a').isRefused) accepted += 1;
    expect(accepted).toBeLessThanOrEqual(4 + 2 * 60);
    expect(accepted).toBeGreaterThanOrEqual(2 * 60);
  });

  it('knows so many clients and no more, and forgets who has been silent longest', () => {
    const { rates } = openRates();
    takeMany(rates, 'a', 5);
    for (const client of ['b', 'c']) rates.take(client);
    // Heard of again, `a` is not the one to be forgotten.
    expect(rates.take('a').isRefused).toBe(true);
    rates.take('d');
    expect(rates.size).toBe(3);
    expect(rates.take('a').isRefused).toBe(true);
    for (let n = 0; n < 10_000; n += 1) rates.take(`client ${n}`);
    expect(rates.size).toBe(3);
  });
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:0DB8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('takes %s for %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
