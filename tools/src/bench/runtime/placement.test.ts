import { freely, listPlacements, parseCores } from './placement';

it('reads lists of cores as the kernel writes them', () => {
  expect(['0', '0-1', '0-2,5,8-9', ''].map(parseCores)).toEqual([[0], [0, 1], [0, 1, 2, 5, 8, 9], []]);
});

it('has client and server on one core, and on a core each where there are two', () => {
  expect(listPlacements([4, 6, 7])).toEqual([
    { name: 'one core', client: '4', server: '4' },
    { name: 'a core each', client: '4', server: '6' },
  ]);
  expect(listPlacements([4]).map(({ name }) => name)).toEqual(['one core']);
});

it('leaves them to the scheduler where processes cannot be bound', () => {
  expect(listPlacements([])).toEqual([freely([])]);
});
