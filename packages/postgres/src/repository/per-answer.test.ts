import { PerAnswer } from './per-answer';

const describeColumns = (...types: number[]) =>
  types.map((dataTypeID, at) => ({ name: `column ${at}`, dataTypeID }));

describe('what is kept for answers', () => {
  it('is compiled once for the same columns, whoever describes them, and anew for columns of other types', () => {
    const compiled: number[] = [];
    const kept = new PerAnswer(2, ([first]) => compiled.push(first?.dataTypeID ?? 0));
    const description = describeColumns(23, 25);
    const one = kept.get(description);
    expect(kept.get(description)).toBe(one);
    expect(kept.get(describeColumns(23, 25))).toBe(one);
    expect(kept.get(describeColumns(25, 23))).not.toBe(one);
    expect(kept.get([...description].reverse())).not.toBe(one);
    expect(compiled).toHaveLength(3);
  });

  it('makes room for other columns, and is found by its description all the same', () => {
    let compiled = 0;
    const kept = new PerAnswer(1, () => ++compiled);
    const description = describeColumns(23);
    expect([kept.get(description), kept.get(describeColumns(25)), kept.get(description)]).toEqual([1, 2, 1]);
    expect(kept.get(describeColumns(23))).toBe(3);
  });

  it('is nothing where the compilation fails', () => {
    let isRefused = true;
    const kept = new PerAnswer(1, () => {
      if (isRefused) throw new RangeError('no');
      return 'compiled';
    });
    const description = describeColumns(23);
    expect(() => kept.get(description)).toThrow('no');
    isRefused = false;
    expect(kept.get(description)).toBe('compiled');
  });
});
