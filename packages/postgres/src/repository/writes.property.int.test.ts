import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import type { BulkRow } from '../bulk/bulk-row';
import { rowsOfAnyShape } from '../test/bulk/arbitrary-rows';
import { readWritten } from '../test/bulk/compare-with-insert';
import { Everything } from '../test/bulk/entities';
import type { BulkDatabase } from '../test/bulk/open-database';
import { openOwnedDatabase } from '../test/bulk/open-owned';
import { createRepository } from './repository';

type Row = BulkRow<Everything>;

describe('rows that are written, beside those of a repository of TypeORM', () => {
  let database: BulkDatabase;
  beforeAll(async () => {
    database = await openOwnedDatabase();
  });
  afterAll(() => database?.[Symbol.asyncDispose]());

  it('are the same when they are inserted, and come back as they are read', async () => {
    const { dataSource } = database;
    const ours = createRepository(dataSource, Everything);
    const theirs = dataSource.getRepository(Everything);
    let succeeded = 0;
    await fc.assert(
      fc.asyncProperty(rowsOfAnyShape, async (rows) => {
        const single = await readWritten(
          dataSource,
          rows,
          (copy) => oneByOne(copy, (row) => theirs.insert(row as object)),
          {
            withIds: true,
          },
        );
        const inserted: Everything[] = [];
        const own = await readWritten(
          dataSource,
          rows,
          (copy) => oneByOne(copy, async (row) => inserted.push(await ours.insert(row))),
          { withIds: true },
        );
        expect(own).toEqual(single);
        if (own === 'refused') return;
        succeeded += 1;
        expect(inserted).toStrictEqual(await theirs.find({ order: { id: 'ASC' } }));
      }),
      { numRuns: 200 },
    );
    // Failing alike proves little.
    expect(succeeded).toBeGreaterThan(80);
  });

  it('are the same when they are changed', async () => {
    const { dataSource } = database;
    const ours = createRepository(dataSource, Everything);
    const theirs = dataSource.getRepository(Everything);
    let succeeded = 0;
    await fc.assert(
      fc.asyncProperty(rowsOfAnyShape, async ([first = {}, second = {}]) => {
        const changes = withoutAuto(second);
        if (Object.keys(changes).length === 0) return;
        const theirRow = await change(dataSource, first, (id) => theirs.update(id, { ...changes } as object));
        const ourRow = await change(dataSource, first, async (id) => {
          const changed = await ours.update(id, changes);
          expect(changed).toStrictEqual(await theirs.findOneByOrFail({ id }));
        });
        expect(ourRow).toEqual(theirRow);
        if (ourRow !== 'refused') succeeded += 1;
      }),
      { numRuns: 200 },
    );
    expect(succeeded).toBeGreaterThan(60);
  });
});

async function oneByOne(rows: Row[], write: (row: Row) => Promise<unknown>): Promise<void> {
  for (const row of rows) await write(row);
}

/** Parts of an embedded object that are not given, and generated columns, TypeORM leaves alone in its own ways. */
function withoutAuto({
  createdAt: _,
  updatedAt: __,
  version: ___,
  token: ____,
  never: _____,
  ...changes
}: Row): Row {
  return Object.fromEntries(
    Object.entries(changes).filter(([name, value]) => name !== 'price' && value !== undefined),
  ) as Row;
}

/** The row of one that was written by TypeORM and then changed, without what the time of the change decides. */
async function change(dataSource: DataSource, row: Row, write: (id: string) => Promise<unknown>) {
  const repository = dataSource.getRepository(Everything);
  await repository.clear();
  const inserted = await repository.insert({ ...row } as object).catch(() => undefined);
  if (inserted === undefined) return 'refused';
  const { id } = inserted.identifiers[0] as { readonly id: string };
  try {
    await write(id);
  } catch (error) {
    // A mistake, ours or one that an expectation has found, is not a refusal.
    if (error instanceof TypeError || Object.hasOwn(error as object, 'matcherResult')) throw error;
    return 'refused';
  }
  const found = await repository.findOneByOrFail({ id });
  return { ...found, id: 'any', token: 'any', createdAt: 'any', updatedAt: 'any' };
}
