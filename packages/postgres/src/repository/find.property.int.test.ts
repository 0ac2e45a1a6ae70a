import fc from 'fast-check';
import {
  And,
  Between,
  Equal,
  type FindOperator,
  ILike,
  In,
  IsNull,
  LessThan,
  LessThanOrEqual,
  Like,
  MoreThan,
  MoreThanOrEqual,
  Not,
  Or,
} from 'typeorm';
import { Everything } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { createRepository } from './repository';

const LETTERS = ['a', 'B', 'ab', '%', 'x_y'];
const DAYS = [1, 2, 3].map((day) => new Date(Date.UTC(2026, 0, day)));

type Condition = unknown | FindOperator<unknown>;

/** Conditions on a column with these values. */
function conditionOn<T>(values: readonly T[]): fc.Arbitrary<Condition> {
  const value = fc.constantFrom(...values);
  const plain = fc.oneof(
    value,
    fc
      .tuple(fc.constantFrom(Equal, LessThan, LessThanOrEqual, MoreThan, MoreThanOrEqual), value)
      .map(([make, of]) => make(of)),
    fc.array(value, { maxLength: 3 }).map((list) => In(list)),
    fc.tuple(value, value).map(([low, high]) => Between(low, high)),
    fc.constant(IsNull()),
  );
  return fc.oneof(
    { weight: 4, arbitrary: plain },
    plain.map((of) => Not(of)),
    fc.tuple(value, value).map(([low, high]) => And(MoreThan(low), LessThan(high))),
    fc.tuple(value, value).map(([one, other]) => Or(Equal(one), Equal(other))),
  );
}

const conditions = fc.record(
  {
    text: fc.oneof(conditionOn(LETTERS), fc.constantFrom(Like('%a%'), ILike('%B%'), Not(Like('a%')))),
    integer: conditionOn([1, 2, 3]),
    big: conditionOn(['1', '9007199254740993']),
    timestamp: conditionOn(DAYS),
    Mood: conditionOn(['new', 'in "use"']),
    // TypeORM transforms the values of an operator twice.
    list: fc.constantFrom(['p'], ['p', 'q'], IsNull()),
    price: fc.record({ amount: conditionOn(['1.00', '2.50']) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

const questions = fc.record(
  {
    where: fc.oneof(conditions, fc.array(conditions, { maxLength: 3 })),
    order: fc.constantFrom(
      { id: 'ASC' },
      { id: 'DESC' },
      { integer: 'desc', id: 'asc' },
      { text: { direction: 'ASC', nulls: 'FIRST' }, id: 1 },
      { price: { amount: 'DESC' }, id: -1 },
    ),
    take: fc.integer({ min: 1, max: 5 }),
    skip: fc.integer({ min: 0, max: 3 }),
    select: fc.constantFrom(['id', 'text'], ['id', 'price'], ['id', 'list', 'price.amount']),
  },
  { requiredKeys: ['order'] },
);

/** As TypeORM wants them: a tree of `true`. */
function treeOf(paths: readonly string[]): object {
  const tree: Record<string, unknown> = {};
  for (const path of paths) {
    const [first = '', second] = path.split('.');
    tree[first] =
      second === undefined
        ? first === 'price'
          ? { amount: true, currency: true }
          : true
        : { [second]: true };
  }
  return tree;
}

describe('questions about entities', () => {
  let database: BulkDatabase;
  beforeAll(async () => {
    database = await openBulkDatabase();
    const repository = database.dataSource.getRepository(Everything);
    for (let at = 0; at < 40; at += 1) {
      await repository.insert({
        text: at % 7 === 0 ? null : LETTERS[at % LETTERS.length],
        integer: at % 4,
        big: at % 3 === 0 ? '9007199254740993' : String(at % 3),
        timestamp: DAYS[at % 4] ?? null,
        Mood: [null, 'new', 'in "use"'][at % 3],
        list: [null, ['p'], ['p', 'q']][(at + 1) % 3],
        price: { amount: [null, '1', '2.5'][at % 3] },
      } as object);
    }
  });
  afterAll(() => database?.[Symbol.asyncDispose]());

  it('have the answer that a repository of TypeORM gives', async () => {
    const { dataSource } = database;
    const repository = dataSource.getRepository(Everything);
    const reader = createRepository(dataSource, Everything);
    let found = 0;
    await fc.assert(
      fc.asyncProperty(questions, async ({ take, skip, select, ...question }) => {
        const expected = await repository.find({
          ...question,
          ...(take !== undefined && { take }),
          ...(skip !== undefined && { skip }),
          ...(select && { select: treeOf(select) }),
        } as object);
        const answer = await reader.find({
          ...question,
          ...(take !== undefined && { limit: take }),
          ...(skip !== undefined && { offset: skip }),
          ...(select && { select }),
        } as object);
        expect(answer).toStrictEqual(expected);
        found += expected.length;
      }),
      { numRuns: 400 },
    );
    expect(found).toBeGreaterThan(400);
  });
});
