import fc from 'fast-check';
import { prepareValue } from 'pg/lib/utils';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { Everything } from '../test/bulk/entities';
import { type BulkDatabase, openBulkDatabase } from '../test/bulk/open-database';
import { findTextRenderer } from './column-text';
import { createKeeper, renderKept } from './kept-value';

const texts = fc.string().filter((text) => !text.includes('\0'));
/** Of the wrong kind for most columns: what becomes of them is up to TypeORM and node-postgres. */
const values = fc.oneof(
  ...[
    texts,
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constantFrom(null, undefined, Symbol('s')),
  ],
  ...[fc.date(), fc.array(fc.date(), { maxLength: 2 }), fc.array(texts, { maxLength: 2 })],
  ...[fc.constantFrom('2026-11-26', '2026-11-26T10:46:02.005Z', 'infinity'), fc.jsonValue()],
  fc.constantFrom({ toPostgres: () => 'its own' }, new Map(), new Error('none')),
);

describe('the text of a value', () => {
  let database: BulkDatabase;

  beforeAll(async () => {
    database = await openBulkDatabase();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('is that of node-postgres for what TypeORM makes of it, whatever the column', () => {
    const { columns } = database.dataSource.getMetadata(Everything);
    fc.assert(
      fc.property(values, (value) => {
        const named = (render: (column: ColumnMetadata) => unknown) =>
          columns.map((column) => [column.propertyName, attempt(() => render(column))]);
        expect(named((column) => findTextRenderer(column)(value))).toEqual(
          named((column) => prepare(column, value)),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the same where it is made later', () => {
    const { columns } = database.dataSource.getMetadata(Everything);
    fc.assert(
      fc.property(values, (value) => {
        for (const column of columns) {
          const kept = attempt(() => renderKept([createKeeper(column)(value) ?? null])[0]);
          expect(kept).toEqual(attempt(() => findTextRenderer(column)(value) ?? null));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('is left to the default where JSON has none, as TypeORM does', () => {
    const { columns } = database.dataSource.getMetadata(Everything);
    const json = columns.filter(({ type, transformer }) => type === 'jsonb' && transformer === undefined);
    expect(json).not.toEqual([]);
    for (const column of json) {
      const none = { toJSON: () => undefined };
      expect(prepare(column, none)).toBeUndefined();
      expect(findTextRenderer(column)(none)).toBeUndefined();
    }
  });

  function prepare(column: ColumnMetadata, value: unknown): unknown {
    const prepared: unknown = database.dataSource.driver.preparePersistentValue(value, column);
    return prepared === undefined ? undefined : prepareValue(prepared);
  }
});

function attempt(render: () => unknown): unknown {
  try {
    return render();
  } catch {
    return 'refused';
  }
}
