import { HeldStatements } from './held-statements';

describe('what a connection holds', () => {
  /** Uses texts in order and returns what each use made close; undefined where the text was held. */
  function admitAll(held: HeldStatements, texts: string) {
    return [...texts].map((text) => {
      const obsolete = held.admit(text, `name of ${text}`);
      return obsolete && [...obsolete].map((name) => name.at(-1)).join('');
    });
  }

  it('closes a name before it is taken, and the least recently used where there is no room', () => {
    const held = new HeldStatements(2);
    expect(admitAll(held, 'abaacb')).toEqual(['a', 'b', undefined, undefined, 'cb', 'ba']);
    expect(held.nameOf('a')).toBeUndefined();
    expect(held.nameOf('b')).toBe('name of b');
  });

  it('closes what was forgotten in front of the next that is prepared, once', () => {
    const held = new HeldStatements(3);
    admitAll(held, 'abc');
    held.forget('b');
    held.forget('never held');
    expect(admitAll(held, 'acd')).toEqual([undefined, undefined, 'bd']);
    held.forgetAll();
    expect(held.nameOf('a')).toBeUndefined();
    expect(admitAll(held, 'ax')).toEqual(['acd', 'x']);
  });
});
