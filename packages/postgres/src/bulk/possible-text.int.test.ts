import fc from 'fast-check';
import { Everything } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { isPossible } from './possible-text';

describe('what a column could hold', () => {
  let database: BulkDatabase;

  beforeAll(async () => {
    database = await openBulkDatabase();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  const columnOf = (property: string) => {
    const column = database.dataSource.getMetadata(Everything).findColumnWithPropertyPath(property);
    if (!column) throw new Error(`${property} is no column`);
    return column;
  };
  /** Whether the server reads each of the texts as this type. */
  const readVerdicts = async (type: string, texts: readonly string[]): Promise<boolean[]> => {
    const rows: { is_valid: boolean }[] = await database.dataSource.query(
      'SELECT pg_input_is_valid(t, $2) AS is_valid FROM unnest($1::text[]) WITH ORDINALITY AS u(t, n) ORDER BY n',
      [texts, type],
    );
    return rows.map(({ is_valid }) => is_valid);
  };

  const spaces = fc.string({
    unit: fc.constantFrom(' ', '\t', '\n', '\v', '\f', '\r', '\u00a0'),
    maxLength: 2,
  });
  const bounds = [15n, 31n, 63n].flatMap((bits) =>
    [-1n, 0n, 1n].flatMap((by) => [2n ** bits + by, -(2n ** bits) + by]),
  );
  const integers = fc
    .tuple(
      spaces,
      fc.constantFrom('', '', '+', '-', '--', '0', '00'),
      fc.oneof(fc.bigInt(), fc.constantFrom(...bounds), fc.constantFrom('', '1.0', '1e3', 'x', '5 5')),
      spaces,
    )
    .map((parts) => parts.join(''));

  it.each([
    ['small', 'smallint'],
    ['integer', 'integer'],
    ['big', 'bigint'],
  ])('is for an integer what the server takes: %s', async (property, type) => {
    const column = columnOf(property);
    await fc.assert(
      fc.asyncProperty(fc.array(integers, { minLength: 200, maxLength: 400 }), async (texts) => {
        expect(texts.map((text) => isPossible(column, text))).toEqual(await readVerdicts(type, texts));
      }),
      { numRuns: 20 },
    );
  });

  it('is for a uuid what the server takes', async () => {
    const column = columnOf('token');
    const uuids = fc
      .tuple(
        fc.constantFrom('', '', '', '{', ' '),
        fc.array(fc.constantFrom('abcd', 'AB01', '0123', '01234', 'ghij'), { minLength: 7, maxLength: 9 }),
        fc.constantFrom('', '-', '--'),
        fc.constantFrom('', '', '', '}', '-', '\n'),
      )
      .map(([before, groups, hyphen, after]) => `${before}${groups.join(hyphen)}${after}`);
    const whole = fc
      .tuple(fc.uuid(), fc.constantFrom('{}', ' '))
      .map(([id, around]) => around.split('').join(id));
    const nearly = fc
      .tuple(fc.uuid(), fc.nat(35), fc.constantFrom(...'-/:@GgAaFf`09{\u0660'))
      .map(([id, at, character]) => `${id.slice(0, at)}${character}${id.slice(at + 1)}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(uuids, fc.uuid(), whole, nearly), { minLength: 200, maxLength: 400 }),
        async (texts) => {
          expect(texts.map((text) => isPossible(column, text))).toEqual(await readVerdicts('uuid', texts));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('leaves out the ways to write an integer that are compared as texts', async () => {
    const texts = ['0x1F', '0b11', '1_000'];
    expect(texts.map((text) => isPossible(columnOf('integer'), text))).toEqual([false, false, false]);
    expect(await readVerdicts('integer', texts)).toEqual([true, true, true]);
  });

  it('is anything where the type does not tell', () => {
    for (const property of ['text', 'numeric', 'date', 'Mood', 'integers']) {
      expect(isPossible(columnOf(property), 'secret')).toBe(true);
    }
  });
});
