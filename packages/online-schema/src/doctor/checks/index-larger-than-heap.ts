import type { Check, Finding } from '../check';
import { renderBytes } from '../quantity';
import type { IndexShape } from '../read-index-shapes';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';

const LIMITS = Object.freeze({
  bytes: 16 * 1024 * 1024,
  /** All indexes together against the table: with several, a little more than once is ordinary. */
  ratioOfAll: 2,
});

interface TableSize {
  readonly schema: string;
  readonly name: string;
  readonly heapBytes: number;
}

/** An index that is larger than the whole table it leads to, or indexes that are together more than twice as large. */
export const indexLargerThanHeap: Check = {
  id: 'index-larger-than-heap',
  title: 'Index larger than its table',
  severity: 'notice',
  async run({ runner, schemas, readShapes }) {
    const shapes = await readShapes();
    const tables: TableSize[] = await runner.query(READ_SIZES, [schemas]);
    const findings = tables.flatMap((table) => {
      const indexes = shapes
        .filter((index) => index.schema === table.schema && index.table === table.name)
        .toSorted((one, other) => other.bytes - one.bytes);
      const larger = indexes.filter(({ bytes }) => bytes > table.heapBytes && bytes >= LIMITS.bytes);
      return larger.length > 0 ? larger.map((index) => tellIndex(index, table)) : tellTable(indexes, table);
    });
    return { findings, unseen: [] };
  },
};

function tellIndex({ schema, table, name, bytes, method }: IndexShape, { heapBytes }: TableSize): Finding {
  const cause =
    method === 'btree'
      ? 'Bloat or long keys are the usual cause'
      : 'Many entries for each row are its nature';
  return {
    object: `${schema}.${name}`,
    subject: { schema, table, index: name },
    message:
      `It takes ${renderBytes(bytes)}, its whole table ${renderBytes(heapBytes)}. ${cause}; see whether a rebuild, fewer ` +
      'included columns, a hash of the key or a predicate makes it smaller.',
    mend: [],
    figures: { bytes, heapBytes, ratio: bytes / heapBytes },
  };
}

function tellTable(indexes: readonly IndexShape[], { schema, name, heapBytes }: TableSize): Finding[] {
  const [largest] = indexes;
  const bytes = indexes.reduce((sum, index) => sum + index.bytes, 0);
  if (largest === undefined || bytes < LIMITS.bytes || bytes <= heapBytes * LIMITS.ratioOfAll) return [];
  return [
    {
      object: `${schema}.${name}`,
      subject: { schema, table: name },
      message:
        `Its ${indexes.length} indexes take ${renderBytes(bytes)}, the table ${renderBytes(heapBytes)}: each write has more ` +
        `to do for them than for the row. The largest is ${largest.name} with ${renderBytes(largest.bytes)}; see which of ` +
        'them are read at all.',
      mend: [],
      figures: {
        indexes: indexes.length,
        bytes,
        heapBytes,
        ratio: bytes / heapBytes,
      },
    },
  ];
}

// With what is stored outside of the rows: an index on a small part of a large document is no large index.
const READ_SIZES = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name, pg_table_size(looked_at.oid)::float8 as "heapBytes"
  from looked_at
  where looked_at.kind <> 'p' and pg_indexes_size(looked_at.oid) >= ${LIMITS.bytes}
  order by looked_at.schema, looked_at.name`;
