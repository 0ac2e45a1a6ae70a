import fc from 'fast-check';
import { rowsOfAnyShape, rowsOfOneShape } from '../test/bulk/arbitrary-rows';
import { readWritten } from '../test/bulk/compare-with-insert';
import { Everything } from '../test/bulk/entities';
import type { BulkDatabase } from '../test/bulk/open-database';
import { openOwnedDatabase } from '../test/bulk/open-owned';
import { copyIn } from './copy-in';
import { insertMany } from './insert-many';

describe('bulk writes beside repository.insert', () => {
  let database: BulkDatabase;

  beforeAll(async () => {
    database = await openOwnedDatabase();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('insertMany leaves the same table behind, whatever the rows, their shapes and the chunks', async () => {
    const { dataSource } = database;
    const repository = dataSource.getRepository(Everything);
    let succeeded = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(rowsOfAnyShape, rowsOfOneShape),
        fc.boolean(),
        fc.integer({ min: 1, max: 7 }),
        async (rows, withIds, chunkRows) => {
          const returning = withIds ? { returning: ['id'] as const } : {};
          const single = await readWritten(dataSource, rows, (copy) => repository.insert(copy as object[]), {
            withIds,
          });
          const bulk = await readWritten(
            dataSource,
            rows,
            (copy) => insertMany(dataSource, Everything, copy, { ...returning, chunkRows }),
            { withIds },
          );
          expect(bulk).toEqual(single);
          if (bulk !== 'refused') succeeded += 1;
        },
      ),
      { numRuns: 250 },
    );
    // Failing alike proves little.
    expect(succeeded).toBeGreaterThan(100);
  });

  it('copyIn leaves the same table behind, for rows of one shape', async () => {
    const { dataSource } = database;
    const repository = dataSource.getRepository(Everything);
    let succeeded = 0;
    await fc.assert(
      fc.asyncProperty(rowsOfOneShape, fc.integer({ min: 1, max: 300 }), async (rows, chunkCharacters) => {
        const single = await readWritten(dataSource, rows, (copy) => repository.insert(copy as object[]), {
          withIds: true,
        });
        const bulk = await readWritten(
          dataSource,
          rows,
          (copy) => copyIn(dataSource, Everything, copy, { chunkCharacters }),
          { withIds: true },
        );
        expect(bulk).toEqual(single);
        if (bulk !== 'refused') succeeded += 1;
      }),
      { numRuns: 250 },
    );
    expect(succeeded).toBeGreaterThan(100);
  });
});
