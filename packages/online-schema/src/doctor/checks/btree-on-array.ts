import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../../catalog/read-indexes';
import { temporaryName } from '../../migration/temporary-name';
import { quoteIdentifier, quoteQualified } from '../../specification/identifier';
import { renderCreateIndex, renderDropIndex } from '../../specification/render-index';
import type { Check, Finding } from '../check';
import { renderBytes, renderCount } from '../quantity';
import type { IndexShape } from '../read-index-shapes';
import { mendByReplacement } from '../render-mend';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';

interface ContainerKey {
  readonly schema: string;
  readonly name: string;
  readonly type: string;
  readonly scans: number;
}

/** A btree compares arrays, jsonb and tsvector as wholes; what is usually asked, it cannot answer: what they contain. */
export const btreeOnArray: Check = {
  id: 'btree-on-array',
  title: 'Btree on a value that contains others',
  severity: 'notice',
  async run({ runner, schemas, readShapes, declarations }) {
    const containers: ContainerKey[] = await runner.query(READ_CONTAINER_KEYS, [schemas]);
    if (containers.length === 0) return { findings: [], unseen: [] };
    const findings: Finding[] = [];
    for (const index of await readShapes()) {
      const container = containers.find(({ schema, name }) => schema === index.schema && name === index.name);
      // A rule that whole values differ is what a btree is for.
      if (container === undefined || index.unique || index.constraint !== null || index.attached) continue;
      const { type, scans } = container;
      findings.push({
        object: `${index.schema}.${index.name}`,
        subject: { schema: index.schema, table: index.table, index: index.name },
        message:
          `It orders whole values of type ${type} (${renderBytes(index.bytes)}, read ${renderCount(scans)} times): ` +
          'equality with a whole value is all that it finds. What a value contains (@>, &&, ?, @@) takes a GIN index' +
          `${scans > 0 ? ' beside it, unless equality is all that is asked.' : '.'}`,
        // What reads it asks for whole values, which GIN does not order and mostly does not compare.
        ...mendByReplacement(scans > 0 ? [] : await renderReplacement(runner, index), {
          entity: declarations.ofIndex(index),
          change: `Add type: 'gin' to index ${index.name}`,
        }),
        figures: { type, scans, bytes: index.bytes },
      });
    }
    return { findings, unseen: [] };
  },
};

/** Of one key only: with others beside it, GIN would need an extension and another order of columns. */
async function renderReplacement(runner: QueryRunner, index: IndexShape): Promise<string[]> {
  const [definition] = await readIndexes(runner, { schema: index.schema, name: index.name });
  const part = definition?.parts[0];
  if (definition === undefined || part === undefined) return [];
  if (index.keys.length > 1 || index.include.length > 0 || index.partitioned) return [];
  // CLUSTER can sort by a btree only.
  if (index.clustered) return [];
  const { schema, table, where } = definition;
  const name = temporaryName(index.name, 'new');
  const keys = [part.isExpression ? `(${part.text})` : part.text];
  return [
    renderCreateIndex({ schema, table, where, name, keys, method: 'gin' }, { concurrently: true }),
    renderDropIndex(index),
    `ALTER INDEX ${quoteQualified(schema, name)} RENAME TO ${quoteIdentifier(index.name)}`,
  ];
}

// The first such key of each btree. A domain stands for the type below it.
const READ_CONTAINER_KEYS = `${WITH_TABLES_LOOKED_AT}
  select distinct on (class.oid) looked_at.schema, class.relname as name, format_type(type.oid, null) as type,
         coalesce(pg_stat_get_numscans(class.oid), 0)::float8 as scans
  from looked_at
  join pg_index index on index.indrelid = looked_at.oid and index.indisvalid
  join pg_class class on class.oid = index.indexrelid
  join pg_am method on method.oid = class.relam and method.amname = 'btree'
  join pg_attribute key on key.attrelid = class.oid and key.attnum <= index.indnkeyatts
  join pg_type declared on declared.oid = key.atttypid
  join pg_type type on type.oid = coalesce(nullif(declared.typbasetype, 0), declared.oid)
  where type.typcategory = 'A' or type.oid in ('jsonb'::regtype, 'tsvector'::regtype)
  order by class.oid, key.attnum`;
