import fc from 'fast-check';
import type { BulkRow } from '../../bulk/bulk-row';
import type { Everything } from './entities';

export const OWNERS = [
  '5e1f9f0e-7a39-4d0c-9a55-1f6f2f8f4a01',
  '5e1f9f0e-7a39-4d0c-9a55-1f6f2f8f4a02',
] as const;

/** Texts that some format or other takes for something else. */
const treacherous = fc.constantFrom(
  ...[
    '',
    ' ',
    'NULL',
    'null',
    '\\N',
    '\\.',
    '\\',
    '\\\\',
    '"',
    '""',
    "'",
    '{}',
    '{"a",NULL}',
    ',',
    ';',
    '\t',
  ],
  ...['\n', '\r\n', '\\t', '\b\f\v', 'a\\"b', '(1,2)', '$1', ':id', '\u2028', '😀', 'ÄÖ', '\ud800'],
);
const text = fc.oneof(
  treacherous,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 20 }),
);
const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const moment = fc.date({
  min: new Date(-60_000_000_000_000),
  max: new Date(8_000_000_000_000),
  noInvalidDate: true,
});
const whole = fc.integer({ min: -(2 ** 30), max: 2 ** 30 - 1 });
const coordinate = fc.integer({ min: -1000, max: 1000 });
const json = fc.oneof(fc.jsonValue(), fc.dictionary(text, text, { maxKeys: 2 }));
const boxText = fc.tuple(coordinate, coordinate).map(([x, y]) => `(${x},${y}),(0,0)`);

const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 6 });

/** A row may leave out any of these. */
const columns = {
  token: fc.uuid(),
  text: nullable(text),
  short: nullable(
    fc.oneof({ weight: 60, arbitrary: fc.string({ maxLength: 8 }) }, fc.constant('too long for it')),
  ),
  fixed: nullable(fc.string({ maxLength: 4 })),
  insensitive: nullable(text),
  small: nullable(fc.integer({ min: -32_768, max: 32_767 })),
  integer: whole,
  double: nullable(fc.double()),
  numeric: nullable(fc.tuple(whole, fc.nat(9999)).map(([a, b]) => `${a % 1_000_000}.${b}`)),
  boolean: nullable(fc.boolean()),
  date: nullable(fc.oneof(fc.constantFrom('2024-02-29', '0001-01-01', 'infinity'), moment)),
  time: nullable(fc.oneof(fc.constantFrom('23:59:59.123456', '00:00'), moment)),
  timestamp: nullable(moment),
  timestamptz: nullable(moment),
  interval: nullable(fc.constantFrom('1 day', '-3 mons 00:00:01.5', 'P1Y')),
  bytes: nullable(bytes),
  json: nullable(json),
  jsonb: nullable(json),
  Mood: nullable(fc.constantFrom('new', 'in "use"', 'NULL')),
  letters: nullable(fc.array(fc.constantFrom('a', 'b,c'), { maxLength: 3 })),
  texts: nullable(fc.array(nullable(text), { maxLength: 4 })),
  integers: fc.oneof(
    fc.array(whole, { maxLength: 3 }),
    fc.constantFrom(
      [
        [1, 2],
        [3, 4],
      ],
      [[], []],
    ),
  ),
  moments: nullable(fc.array(moment, { maxLength: 2 })),
  blobs: nullable(fc.array(bytes, { maxLength: 2 })),
  shorts: nullable(fc.array(fc.string({ maxLength: 5 }), { maxLength: 2 })),
  simpleArray: nullable(fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 })),
  simpleJson: nullable(json),
  simpleEnum: nullable(fc.constantFrom('x' as const, 'y' as const)),
  list: nullable(fc.array(fc.constantFrom('p', 'q"', '\\'), { minLength: 1, maxLength: 3 })),
  point: nullable(fc.record({ x: coordinate, y: coordinate })),
  box: nullable(boxText),
  boxes: nullable(boxText.map((box) => `{${box};${box}}`)),
  circle: nullable(fc.record({ x: coordinate, y: coordinate, radius: fc.nat(50) })),
  inet: nullable(fc.ipV4()),
  bits: nullable(fc.constantFrom('101', '000')),
  range: nullable(fc.constantFrom('[1,5)', 'empty', '(,3]')),
  hstore: nullable(
    fc.dictionary(fc.string({ maxLength: 5 }), fc.option(text, { nil: null }), { maxKeys: 3 }),
  ),
  ltree: nullable(fc.constantFrom('Top.Science', 'a.b.c')),
  cube: nullable(fc.array(coordinate, { minLength: 1, maxLength: 3 })),
  price: fc.oneof(
    fc.constant({}),
    fc.record({ amount: nullable(fc.constantFrom('1', '1.255', '-7.10')) }),
    fc.record({ amount: fc.constant('3'), currency: nullable(fc.constantFrom('EUR', 'U', ' ')) }),
  ),
  owner: fc.oneof(
    fc.constant(null),
    fc.constantFrom(...OWNERS),
    fc.constantFrom(...OWNERS).map((id) => ({ id })),
  ),
  never: fc.constant('ignored'),
  createdAt: moment,
  updatedAt: moment,
  version: fc.integer({ min: 1, max: 9 }),
};

type Row = BulkRow<Everything>;

/** Rows, each of a shape of its own. */
export const rowsOfAnyShape = fc.array(fc.record(columns, { requiredKeys: [] }) as fc.Arbitrary<Row>, {
  minLength: 1,
  maxLength: 6,
});

/** Rows that all give the same columns. */
export const rowsOfOneShape = fc.subarray(Object.keys(columns) as (keyof typeof columns)[]).chain((names) => {
  const chosen: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(
    names.map((name) => [name, columns[name]]),
  );
  // Parts of an embedded object are columns of their own.
  if (names.includes('price')) chosen.price = fc.record({ amount: nullable(fc.constantFrom('1', '2.5')) });
  return fc.array(fc.record(chosen) as fc.Arbitrary<Row>, { minLength: 1, maxLength: 6 });
});
