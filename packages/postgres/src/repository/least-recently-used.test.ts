import { LeastRecentlyUsed } from './least-recently-used';

describe('what is kept by least recent use', () => {
  it('is made once, and again after others took its room', () => {
    const made: string[] = [];
    const kept = new LeastRecentlyUsed<string>(2);
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) kept.get(key, () => made[made.push(key) - 1] ?? '');
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });
});
