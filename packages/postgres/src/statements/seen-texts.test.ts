import { deriveName, SeenTexts } from './seen-texts';

describe('a name', () => {
  it('belongs to its text, and is a word of SQL that fits', () => {
    const name = deriveName('SELECT $1');
    expect(name).toMatch(/^hf_[0-9a-f]{32}$/);
    expect(deriveName('SELECT $1')).toBe(name);
    expect(deriveName('SELECT $1 ')).not.toBe(name);
  });
});

describe('seen texts', () => {
  it('give a name from the second use on', () => {
    const seen = new SeenTexts();
    expect(['a', 'b', 'a', 'a', 'b'].map((text) => seen.noteUse(text) !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('are forgotten after 10 000 others', () => {
    const seen = new SeenTexts();
    seen.noteUse('first');
    for (let other = 1; other < 10_000; other += 1) seen.noteUse(`other ${other}`);
    expect(seen.noteUse('first')).toBeDefined();
    seen.noteUse('one more');
    expect(seen.noteUse('first')).toBeUndefined();
  });
});
