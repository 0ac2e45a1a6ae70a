import fc from 'fast-check';
import { OWNERS, rowsOfAnyShape } from '../test/bulk/arbitrary-rows';
import { Animal, Cat, Everything, Seat } from '../test/bulk/entities';
import type { BulkDatabase } from '../test/bulk/open-database';
import { openOwnedDatabase } from '../test/bulk/open-owned';
import { createRepository } from './repository';

describe('entities that are read, beside those of a repository of TypeORM', () => {
  let database: BulkDatabase;
  beforeAll(async () => {
    database = await openOwnedDatabase();
  });
  afterAll(() => database?.[Symbol.asyncDispose]());

  it('are the same, whatever is in the table, in every way that a statement is sent', async () => {
    const { dataSource } = database;
    const repository = dataSource.getRepository(Everything);
    const reader = createRepository(dataSource, Everything);
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(rowsOfAnyShape, async (rows) => {
        await repository.clear();
        for (const row of rows) await repository.insert({ ...row } as object).catch(() => undefined);
        const expected = await repository.find({ order: { id: 'ASC' } });
        // Not prepared, prepared and described, and prepared.
        for (let time = 0; time < 3; time += 1) {
          expect(await reader.find({ order: { id: 'ASC' } })).toStrictEqual(expected);
        }
        for (const entity of expected) {
          expect(await reader.findById(entity.id)).toStrictEqual(entity);
          compared += 1;
        }
      }),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it('are the same for keys of several columns, and for children of an entity', async () => {
    const { dataSource } = database;
    await dataSource.getRepository(Seat).insert([
      { ownerId: OWNERS[0], label: 'a', row: 1 },
      { ownerId: OWNERS[1], label: "b'", row: null },
    ]);
    await dataSource.getRepository(Cat).insert([{ lives: 9 }, { lives: null }]);
    await dataSource.getRepository(Animal).insert([{}]);
    for (const entity of [Seat, Animal, Cat]) {
      const expected = await dataSource.getRepository<object>(entity).find({ withDeleted: true });
      const found = await createRepository<object>(dataSource, entity).find({ withDeleted: true });
      expect(found).toStrictEqual(expected);
      expect(found.map((one) => one.constructor.name)).toEqual(expected.map((one) => one.constructor.name));
      expect(expected.length).toBeGreaterThan(1);
    }
  });
});
