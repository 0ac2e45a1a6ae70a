import { inspect } from 'node:util';
import { identityWith } from '../test/identity';
import { fingerprintOf, KnownKeys } from './known-keys';

const FOR_MS = 100;
const SOMEONE = identityWith();

const noteAll = (known: KnownKeys, names: readonly string[]) => {
  for (const name of names) known.note(name, SOMEONE, 0);
};
const listKnown = (known: KnownKeys, names: readonly string[]) => names.filter((name) => known.has(name));

describe('KnownKeys', () => {
  it('knows a key once the database did, and no longer than that', () => {
    const known = new KnownKeys(3, FOR_MS);
    expect(known.has('a')).toBe(false);
    known.note('a', null, 0);
    expect(known.has('a')).toBe(false);
    noteAll(known, ['a', 'b']);
    expect(listKnown(known, ['a', 'b'])).toEqual(['a', 'b']);
    known.note('a', null, 0);
    expect(listKnown(known, ['a', 'b'])).toEqual(['b']);
    expect(known.recall('a', 0)).toBeUndefined();
  });

  it('recalls whose it was for a while after the database was asked, however often it is presented', () => {
    const known = new KnownKeys(3, FOR_MS);
    known.note('a', SOMEONE, 1_000);
    expect(known.has('a')).toBe(true);
    expect(known.recall('a', 1_000 + FOR_MS - 1)).toBe(SOMEONE);
    expect(known.recall('a', 1_000 + FOR_MS)).toBeUndefined();
    expect(known.has('a')).toBe(true);
    const another = identityWith();
    known.note('a', another, 1_000 + FOR_MS);
    expect(known.recall('a', 1_000 + FOR_MS)).toBe(another);
  });

  it('recalls nothing of a key that is in doubt, until the database is asked again', () => {
    const known = new KnownKeys(3, FOR_MS);
    known.doubt('a', 0);
    expect(known.has('a')).toBe(false);
    known.note('a', SOMEONE, 1);
    known.doubt('a', 3);
    expect([known.has('a'), known.recall('a', 3)]).toEqual([true, undefined]);
    // What was asked before, and answered only now.
    known.note('a', SOMEONE, 2);
    expect(known.recall('a', 4)).toBeUndefined();
    known.note('a', SOMEONE, 4);
    expect(known.recall('a', 4)).toBe(SOMEONE);
  });

  it('remembers so many and no more, and forgets the one that was presented longest ago', () => {
    const known = new KnownKeys(3, FOR_MS);
    noteAll(known, ['a', 'b', 'c']);
    known.has('a');
    noteAll(known, ['d']);
    expect(listKnown(known, ['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd']);
    noteAll(
      known,
      Array.from({ length: 1_000 }, (_, n) => `key ${n}`),
    );
    expect(known.size).toBe(3);
  });

  it('keeps no key, not even in a name, and shows the hash of none', () => {
    const known = new KnownKeys(3, FOR_MS);
    const name = fingerprintOf('secret');
    known.note(name, SOMEONE, 0);
    expect(name).not.toContain('secret');
    const shown = inspect(known.recall(name, 0), { showHidden: true, depth: null });
    expect(shown).toContain('scopes');
    expect(shown).not.toMatch(/<Buffer|[0-9a-f]{64}/);
  });
});
