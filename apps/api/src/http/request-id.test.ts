import { readRequestId } from './request-id';

const read = (id?: string | string[]) => readRequestId({ headers: { 'x-request-id': id } as never });

describe('readRequestId', () => {
  it.each(['a', 'trace:7.a_b-C', 'x'.repeat(128)])('keeps "%s"', (id) => {
    expect(read(id)).toBe(id);
  });

  it.each([undefined, '', 'x'.repeat(129), 'a b', 'a\nb', 'a"b', 'é', ['a', 'b']])(
    'makes one instead of %j',
    (id) => {
      expect(read(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );

  it('makes another one each time', () => {
    expect(read()).not.toBe(read());
  });
});
