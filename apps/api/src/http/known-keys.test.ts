import { inspect } from 'node:util';
import { KnownKeys } from './known-keys';

const note = (known: KnownKeys, keys: readonly string[]) => {
  for (const key of keys) known.note(key, true);
};
const listKnown = (known: KnownKeys, keys: readonly string[]) =>
  keys.filter((key) => known.nameOf(key) !== undefined);

describe('KnownKeys', () => {
  it('knows a key once the database did, and no longer than that', () => {
    const known = new KnownKeys(3);
    expect(known.nameOf('a')).toBeUndefined();
    known.note('a', false);
    expect(known.nameOf('a')).toBeUndefined();
    known.note('a', true);
    expect(known.nameOf('a')).toBe(known.nameOf('a'));
    known.note('b', true);
    expect(known.nameOf('b')).not.toBe(known.nameOf('a'));
    known.note('a', false);
    expect(listKnown(known, ['a', 'b'])).toEqual(['b']);
  });

  it('remembers so many and no more, and forgets the one that was presented longest ago', () => {
    const known = new KnownKeys(3);
    note(known, ['a', 'b', 'c']);
    known.nameOf('a');
    note(known, ['d']);
    expect(listKnown(known, ['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd']);
    note(
      known,
      Array.from({ length: 1_000 }, (_, n) => `key ${n}`),
    );
    expect(known.size).toBe(3);
  });

  it('keeps no key, not even in a name', () => {
    const known = new KnownKeys(3);
    known.note('secret', true);
    expect(known.nameOf('secret')).not.toContain('secret');
    expect(inspect(known, { showHidden: true, depth: null })).not.toContain('secret');
  });
});
