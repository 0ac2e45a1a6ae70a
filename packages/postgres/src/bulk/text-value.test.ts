import { renderArray, renderCopyField, renderValue } from './text-value';

describe('array literals', () => {
  it('quotes every element that is no null, so that NULL, braces and commas are text', () => {
    expect(renderArray([null, 'NULL', '', 'a,b', '{}', 'q"', 'b\\'])).toBe(
      '{null,"NULL","","a,b","{}","q\\"","b\\\\"}',
    );
    expect(renderArray([])).toBe('{}');
  });

  it.each([
    ['a line feed', '\n', '"\n"'],
    ['a character that JSON writes as a number', '\u0001', '"\u0001"'],
    ['half of a pair of surrogates', '\ud800', '"\ud800"'],
    ['a backslash before a letter', '\\n', '"\\\\n"'],
    ['a line feed behind a backslash', '\\\n', '"\\\\\n"'],
  ])('holds %s as it is', (_, element, literal) => {
    expect(renderArray([element])).toBe(`{${literal}}`);
  });
});

describe('fields of COPY', () => {
  it.each([
    [null, '\\N'],
    ['\\N', '\\\\N'],
    ['\\.', '\\\\.'],
    ['a\tb\nc\rd\\', 'a\\tb\\nc\\rd\\\\'],
    ['', ''],
    ['plain', 'plain'],
  ])('writes %j as %j', (text, field) => {
    expect(renderCopyField(text)).toBe(field);
  });
});

describe('values', () => {
  it.each([
    ['text', 'text'],
    [12n, '12'],
    [-1.5, '-1.5'],
    [true, 'true'],
    [{ a: [1] }, '{"a":[1]}'],
    [['a"', null], '{"a\\"",NULL}'],
    [null, null],
    [{ toJSON: () => undefined }, null],
  ])('are written as a single parameter would be: %p', (value, text) => {
    expect(renderValue(value)).toBe(text);
  });

  it('leaves bytes to the caller', () => {
    expect(renderValue(new Uint8Array([1, 2]))).toEqual(Buffer.from([1, 2]));
  });
});
