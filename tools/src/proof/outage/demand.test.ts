import { createRandom, drawExponential } from '../random';
import { drawDemand } from './demand';
import { FULL_SETTING, QUICK_SETTING } from './setting';

describe('a stream of random numbers', () => {
  const draw = (seed: number, stream: string) => {
    const random = createRandom(seed, stream);
    return Array.from({ length: 5 }, random);
  };

  it('is the same for the same seed and name', () => {
    expect(draw(1, 'demand')).toEqual(draw(1, 'demand'));
  });

  it('is another one for another seed or another name', () => {
    expect(draw(2, 'demand')).not.toEqual(draw(1, 'demand'));
    expect(draw(1, 'latency')).not.toEqual(draw(1, 'demand'));
  });

  it('is uniform from 0 to 1', () => {
    const random = createRandom(1, 'uniform');
    const tenths = new Array<number>(10).fill(0);
    for (let drawn = 0; drawn < 100_000; drawn++) {
      const tenth = Math.floor(random() * 10);
      tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1;
    }
    expect(tenths).toHaveLength(10);
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('makes exponential times of the mean that is asked for', () => {
    const random = createRandom(1, 'exponential');
    const times = Array.from({ length: 100_000 }, () => drawExponential(20, random));
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    // An exponential distribution exceeds its mean with a probability of 1/e.
    const above = times.filter((time) => time > 20).length / times.length;
    expect(mean).toBeCloseTo(20, 0);
    expect(above).toBeCloseTo(1 / Math.E, 2);
  });
});

describe('demand', () => {
  const seconds = FULL_SETTING.healthySeconds + FULL_SETTING.outageSeconds + FULL_SETTING.recoverySeconds;

  it('comes in order of time, at the rate of all clients together', () => {
    const demand = drawDemand(FULL_SETTING);
    const times = demand.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThan(seconds * 1000);
    expect(demand.length / (1000 * seconds)).toBeCloseTo(1, 1);
  });

  it('is spread evenly over the processes', () => {
    const demand = drawDemand(FULL_SETTING);
    for (let process = 0; process < FULL_SETTING.processes; process++) {
      const share = demand.filter((request) => request.process === process).length / demand.length;
      expect(share * FULL_SETTING.processes).toBeCloseTo(1, 1);
    }
  });

  it('comes at random: as many requests in one second vary as much as their mean', () => {
    const counts = new Array<number>(seconds).fill(0);
    for (const { atMs } of drawDemand(FULL_SETTING)) {
      const second = Math.floor(atMs / 1000);
      counts[second] = (counts[second] ?? Number.NaN) + 1;
    }
    const variance = counts.reduce((sum, count) => sum + (count - 1000) ** 2, 0) / seconds;
    // The index of dispersion of a Poisson process is 1; of evenly spaced requests it would be 0.
    expect(variance / 1000).toBeGreaterThan(0.7);
    expect(variance / 1000).toBeLessThan(1.3);
  });

  it('is the same for the same seed, and another one for another', () => {
    expect(drawDemand(QUICK_SETTING)).toEqual(drawDemand(QUICK_SETTING));
    expect(drawDemand({ ...QUICK_SETTING, seed: 2 })).not.toEqual(drawDemand(QUICK_SETTING));
  });
});
