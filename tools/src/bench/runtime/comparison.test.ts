import { compareWays, summarize } from './comparison';
import type { Way } from './way';

const extent = { rounds: 3, batchMs: 0, warmupMs: 0, signal: new AbortController().signal };

const way = (name: string, run: (turn: number) => Promise<unknown>): Way => ({
  name,
  run,
  isRight: (result, turn) => result === turn,
});

const echo = async (turn: number): Promise<number> => turn;

it('is told round by round, against the first way', () => {
  const comparison = summarize(
    [
      { name: 'fast', ns: [10, 1000, 20] },
      { name: 'slow', ns: [20, 2000, 40] },
    ],
    [],
  );
  expect(comparison.rows.map(({ name, timesFirst }) => [name, timesFirst.median])).toEqual([
    ['fast', 1],
    ['slow', 2],
  ]);
  expect(comparison.ratio('fast', 'slow')).toBe(2);
  expect(comparison.ratio('slow', 'fast')).toBe(0.5);
  expect(() => comparison.ratio('fast', 'none')).toThrow('none was not measured');
});

it.each([1, 32])('has as many operations at once as there are callers: %i', async (callers) => {
  let running = 0;
  let most = 0;
  const watched = way('watched', async (turn) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return turn;
  });
  const { rows, mistakes } = await compareWays([watched], callers, extent);
  expect(most).toBe(callers);
  expect(rows).toHaveLength(1);
  expect(mistakes).toEqual([]);
});

it.each([1, 32])(
  'names a way that gives a wrong result while it is measured, with %i callers',
  async (callers) => {
    const compared = 12;
    let runs = 0;
    const fickle = way('fickle', async (turn) => (++runs > compared ? -1 : turn));
    const { mistakes } = await compareWays([way('echo', echo), fickle], callers, extent);
    expect(mistakes).toEqual([expect.stringMatching(/^fickle was wrong in \d+ calls$/)]);
  },
);
