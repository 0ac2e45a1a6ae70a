import { isWholeIdentifier, quoteIdentifier } from '../../specification/identifier';
import { renderCreateIndex } from '../../specification/render-index';
import type { Check, CheckContext, Finding } from '../check';
import type { Declarations } from '../entity-declarations';
import { type ForeignKey, readForeignKeys, servesForeignKey } from '../foreign-keys';
import { renderBytes } from '../quantity';
import type { IndexShape } from '../read-index-shapes';
import { tellChange } from '../render-mend';

/** A foreign key whose referring rows only a scan of the whole table finds, for every referenced row that goes. */
export const foreignKeyWithoutIndex: Check = {
  id: 'foreign-key-without-index',
  title: 'Foreign key without an index',
  severity: 'warning',
  async run(context) {
    const shapes = await context.readShapes();
    const findings: Finding[] = [];
    const unseen: string[] = [];
    for (const key of await readForeignKeys(context.runner, context.schemas)) {
      const verdict = await findServing(context, shapes, key);
      if (verdict === 'none') findings.push(toFinding(key, shapes, context.declarations));
      if (verdict === 'unknown')
        unseen.push(
          `Whether an index of ${key.schema}.${key.table} serves ${key.name} in spite of its predicate takes SELECT on the table.`,
        );
    }
    return { findings, unseen };
  },
};

async function findServing(
  { runner }: CheckContext,
  shapes: readonly IndexShape[],
  key: ForeignKey,
): Promise<'some' | 'none' | 'unknown'> {
  let unknown = false;
  for (const index of shapes) {
    const serves = await servesForeignKey(runner, index, key);
    if (serves === true) return 'some';
    if (serves === undefined) unknown = true;
  }
  return unknown ? 'unknown' : 'none';
}

const ON_DELETE = {
  a: 'is checked for',
  r: 'is checked for',
  c: 'deletes',
  n: 'sets to NULL',
  d: 'sets to the default',
} satisfies Record<ForeignKey['onDelete'], string>;

function toFinding(key: ForeignKey, shapes: readonly IndexShape[], declarations: Declarations): Finding {
  const { schema, table, columns } = key;
  const referenced =
    key.referencedSchema === schema ? key.referencedTable : `${key.referencedSchema}.${key.referencedTable}`;
  const partial = shapes.find(
    (index) =>
      index.predicate !== null &&
      index.schema === schema &&
      index.table === table &&
      index.keys[0]?.column === columns[0],
  );
  return {
    object: `${schema}.${table} (${columns.join(', ')})`,
    subject: { schema, table, columns },
    message:
      `A delete in ${referenced} ${ON_DELETE[key.onDelete]} the rows that refer to it (${key.name}), and finds them by reading ` +
      `all ${renderBytes(key.tableBytes)} of ${table}` +
      `${partial === undefined ? '' : `: ${partial.name} does not help, since its predicate leaves rows out`}.`,
    ...mendFor(key, nameFor(key, shapes), declarations),
    figures: {
      constraint: key.name,
      tableBytes: key.tableBytes,
      rows: key.rows,
      partialIndex: partial?.name ?? null,
    },
  };
}

function mendFor(
  { schema, table, columns, partitioned }: ForeignKey,
  name: string,
  declarations: Declarations,
): Pick<Finding, 'mend' | 'change'> {
  const entity = declarations.ofTable({ schema, table });
  if (entity !== undefined && !entity.isJoinTable) {
    const properties = entity.propertiesOf(columns).map((property) => `'${property}'`);
    return {
      mend: [],
      change: tellChange(`Add @Index('${name}', [${properties.join(', ')}]) to ${entity.name}`),
    };
  }
  if (partitioned) return { mend: [] };
  const definition = { schema, table, name, keys: columns.map(quoteIdentifier) };
  return { mend: [renderCreateIndex(definition, { concurrently: true })] };
}

/** One that is free, if there is one among those that tell what it is for: a partial index may have the most natural. */
function nameFor({ schema, table, columns, name }: ForeignKey, shapes: readonly IndexShape[]): string {
  const candidates = [`idx_${table}_${columns.join('_')}`, `idx_${name}`, `${name}_idx`];
  const isFree = (candidate: string) =>
    isWholeIdentifier(candidate) &&
    !shapes.some((index) => index.schema === schema && index.name === candidate);
  return candidates.find(isFree) ?? name;
}
