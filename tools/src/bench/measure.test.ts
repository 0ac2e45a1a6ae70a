import type { Collections } from './collections';
import { measure, type Subject } from './measure';

const extent = { rounds: 3, batchMs: 0, warmupMs: 0, signal: new AbortController().signal };

/** A subject that writes down when it is called. */
function subject(name: string, calls: string[], result: unknown = 1): Subject {
  return {
    name,
    expected: 1,
    call: async () => {
      calls.push(name);
      return result;
    },
  };
}

/** A collector that is seen to run as often as told. */
function collecting(times: number): Collections {
  let left = times;
  return {
    collectYoung: () => undefined,
    ranBetween: async () => left-- > 0,
    [Symbol.dispose]: () => undefined,
  };
}

it('measures subjects in turns, each round beginning with another one', async () => {
  const calls: string[] = [];
  await measure([subject('A', calls), subject('B', calls), subject('C', calls)], extent);
  const warmup = 'ABC'.repeat(4);
  expect(calls.join('')).toBe(`${warmup}ABCBCACAB`);
});

it('has a sample for each round, and counts every call that was made', async () => {
  const calls: string[] = [];
  const [series] = await measure([subject('A', calls)], extent);
  expect(series).toMatchObject({ name: 'A', calls: calls.length, wrongResults: 0, bytesPerCall: [] });
  expect(series?.nsPerCall).toHaveLength(3);
  expect(series?.nsPerCall.every((ns) => ns > 0)).toBe(true);
});

it('counts the calls that resolved to something else', async () => {
  const [right, wrong] = await measure([subject('A', []), subject('B', [], 2)], extent);
  expect(right?.wrongResults).toBe(0);
  expect(wrong?.wrongResults).toBe(wrong?.calls);
});

it('measures a batch again in which garbage was collected', async () => {
  const disturbed: string[] = [];
  const [series] = await measure([subject('A', disturbed)], { ...extent, collections: collecting(2) });
  expect(series?.nsPerCall).toHaveLength(3);
  expect(series?.bytesPerCall).toHaveLength(3);
  const undisturbed: string[] = [];
  await measure([subject('A', undisturbed)], { ...extent, collections: collecting(0) });
  expect(disturbed).toHaveLength(undisturbed.length + 2);
});

it('gives up when garbage is collected in every batch', async () => {
  const measuring = measure([subject('A', [])], {
    ...extent,
    collections: collecting(Number.POSITIVE_INFINITY),
  });
  await expect(measuring).rejects.toThrow('A: garbage was collected in every batch, even in one of 1 calls');
});

it.each([
  ['while it warms up', 2],
  ['in a round', 5],
])('stops between two batches when it is told to %s', async (_, last) => {
  const stop = new AbortController();
  const calls: string[] = [];
  const stopping: Subject = {
    name: 'A',
    expected: 1,
    call: async () => {
      if (calls.push('A') === last) stop.abort(new Error('told to stop'));
      return 1;
    },
  };
  await expect(measure([stopping], { ...extent, signal: stop.signal })).rejects.toThrow('told to stop');
  expect(calls).toHaveLength(last);
});
