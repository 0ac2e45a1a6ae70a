import { fakeClock } from '@holdfast/resilience';
import type { PoolStats } from '../pool/pool-stats';
import type { PoolAlert } from './manager-events';
import { PressureWatch } from './pressure-watch';

const CALM: PoolStats = { used: 0, free: 1, total: 1, waiting: 0, min: 0, max: 10, utilization: 0 };
const FULL: PoolStats = { ...CALM, used: 10, free: 0, total: 10, utilization: 1 };

describe('watching the pressure on a pool', () => {
  function watch(first: PoolStats) {
    const clock = fakeClock();
    const told: string[] = [];
    const seen: { stats: PoolStats | undefined; looks: number } = { stats: first, looks: 0 };
    const pressure = new PressureWatch({
      readStats: () => {
        seen.looks += 1;
        return seen.stats;
      },
      nearCapacityRatio: 0.9,
      calmMs: 5_000,
      clock,
      tell: ({ kind, ended }: Pick<PoolAlert, 'kind' | 'ended'>) => told.push(ended ? `${kind} over` : kind),
    });
    return { clock, told, seen, pressure };
  }

  it.each<[string, PoolStats]>([
    ['nobody waits', FULL],
    ['connections are being opened for all who wait', { ...FULL, used: 4, waiting: 6 }],
    ['there are idle connections for all who wait', { ...FULL, used: 8, free: 2, waiting: 2 }],
    ['more connections may be opened', { ...FULL, used: 0, total: 0, waiting: 50 }],
  ])('finds none where %s', (_, stats) => {
    const { pressure, told } = watch(stats);
    pressure.look();
    expect(told).not.toContain('under-pressure');
  });

  it.each<[string, PoolStats]>([
    ['all connections are in use', { ...FULL, waiting: 1 }],
    ['fewer connections are being opened than callers wait', { ...FULL, used: 4, waiting: 7 }],
    ['fewer connections are idle than callers wait', { ...FULL, used: 8, free: 2, waiting: 3 }],
  ])('finds it where a caller waits and %s', (_, stats) => {
    const { pressure, told } = watch(stats);
    pressure.look();
    expect(told).toContain('under-pressure');
  });

  it('looks once, however many callers get a connection in one turn', async () => {
    const { pressure, seen, told, clock } = watch(FULL);
    for (let caller = 0; caller < 100; caller += 1) pressure.notice();
    await clock.advance(0);
    expect([seen.looks, told]).toEqual([2, ['near-capacity']]);
  });

  it('looks no more once it is closed', async () => {
    const { pressure, seen, clock } = watch(FULL);
    pressure.look();
    await clock.advance(3_000);
    expect(seen.looks).toBe(4);
    pressure.close();
    await clock.advance(60_000);
    expect(seen.looks).toBe(4);
  });

  it('looks no more and forgets what it saw once there is no pool', async () => {
    const { pressure, seen, clock, told } = watch(FULL);
    pressure.look();
    seen.stats = undefined;
    await clock.advance(60_000);
    expect(seen.looks).toBe(2);
    seen.stats = FULL;
    pressure.look();
    expect(told).toEqual(['near-capacity', 'near-capacity']);
    pressure.close();
  });
});
