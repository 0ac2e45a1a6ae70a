import type { OpenFigures } from './open-loop';
import { takeLoads } from './take-loads';

const CALM: OpenFigures = {
  offered: 800,
  accepted: 90,
  refused: 5,
  failed: 1,
  acceptedPerSecond: 780,
  p50Ms: 4,
  p99Ms: 10,
  refusedP99Ms: 2,
  lagP99Ms: 1,
  cpu: { server: undefined, client: 0.3 },
};

describe('takeLoads', () => {
  it('puts 80 % and 200 % of the capacity on in turns, and compares them round by round', async () => {
    const asked: (readonly [number, number])[] = [];
    // The machine is ten times as slow in the second of three rounds.
    const slowness = [1, 10, 1];
    const figures = await takeLoads({
      capacity: 1_000,
      rounds: 3,
      run: async (requestsPerSecond, round) => {
        asked.push([requestsPerSecond, round]);
        const growth = requestsPerSecond > 1_000 ? 2 + round : 1;
        return { ...CALM, offered: requestsPerSecond, p99Ms: 10 * growth * (slowness[round] ?? 1) };
      },
    });
    expect(asked).toEqual(
      [0, 1, 2].flatMap((round) => [
        [800, round],
        [2_000, round],
      ]),
    );
    expect(figures.growth).toEqual({ lower: 2.5, median: 3, upper: 3.5 });
    expect(figures.heavy).toMatchObject({ offered: 800, p99Ms: 10, accepted: 270, refused: 15, failed: 3 });
    expect(figures.excessive).toMatchObject({ offered: 2_000, p99Ms: 40, acceptedPerSecond: 780 });
  });
});
