import { payload } from './payload';

const parse = (json: string) => payload.safeParse(JSON.parse(json));

describe('payload', () => {
  it.each(['{}', '{"a":[1,{"b":null}],"text":"😀"}'])('accepts %s unchanged', (json) => {
    expect(JSON.stringify(parse(json).data)).toBe(json);
  });

  it.each(['[]', '"text"', 'null', '1'])('refuses %s, which is no object', (json) => {
    expect(parse(json).success).toBe(false);
  });

  it('refuses a number that would be stored as null, and says where it is', () => {
    expect(parse('{"a":[0,1e400]}').error?.issues).toMatchObject([{ path: ['a', '1'] }]);
  });

  it.each(['9007199254740993', '-9007199254740993', '1e21'])(
    'refuses %s, which may stand for another whole number, and says what to send instead',
    (number) => {
      const [issue] = parse(`{"paymentId":${number}}`).error?.issues ?? [];
      expect(issue).toMatchObject({ path: ['paymentId'], message: expect.stringContaining('as a string') });
    },
  );

  it.each(['9007199254740991', '-9007199254740991', '0.1', '1.5e-7'])('keeps the number %s', (number) => {
    expect(parse(`{"a":${number}}`).data).toEqual({ a: Number(number) });
  });

  it.each(['{"a":"\\ud800"}', '{"\\udc00":1}'])('refuses half of a surrogate pair: %s', (json) => {
    expect(parse(json).error?.issues[0]?.message).toMatch('surrogate');
  });

  it('refuses a million levels without running out of stack', () => {
    const levels = 1_000_000;
    const deep = JSON.parse(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`);
    expect(payload.safeParse(deep).error?.issues[0]?.message).toMatch('nested deeper');
  });
});
