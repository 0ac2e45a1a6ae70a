import { isDeepStrictEqual } from 'node:util';
import { createPlain } from './plain-answer';

class User {
  id = '1';
  createdAt = new Date(0);
}

const agree = (one: unknown, other: unknown): boolean =>
  isDeepStrictEqual(createPlain(one), createPlain(other));

it.each<[string, unknown, unknown]>([
  ['the class of an object', [new User()], [{ id: '1', createdAt: new Date(0) }]],
  ['the order of its properties', { a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 }],
])('takes %s for no difference', (_, one, other) => {
  expect(agree(one, other)).toBe(true);
});

it.each<[string, unknown, unknown]>([
  ['two dates', new Date(0), new Date(1)],
  ['a date and its text', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['a number and its text', 1, '1'],
  ['a bigint and its text', 1n, '1'],
  ['null and nothing', { a: null }, {}],
  ['null and undefined', { a: null }, { a: undefined }],
  ['nothing and undefined', {}, { a: undefined }],
  ['the order of a list', [1, 2], [2, 1]],
  ['an object with more in it', { user: { a: 1 } }, { user: { a: 1, b: 2 } }],
])('tells %s apart', (_, one, other) => {
  expect(agree(one, other)).toBe(false);
});
