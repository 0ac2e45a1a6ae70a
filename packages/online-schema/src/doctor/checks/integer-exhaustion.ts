import type { Check, Finding } from '../check';
import { renderNames } from '../explain-hidden';
import { renderCount, renderShare } from '../quantity';
import { type IntegerKey, measureKeys, readIntegerKeys } from '../read-integer-keys';
import {
  endsFirst,
  explainUnreadable,
  type FedColumn,
  LARGEST_VALUE,
  readSequences,
  type Sequence,
} from '../read-sequences';

const LIMITS = Object.freeze({ used: 0.7, criticalUsed: 0.9 });

/**
 * A column whose type soon has no number left for the values that come: from its own sequence, from that of the column
 * it refers to, or from the application, where an index tells the largest one at once.
 */
export const integerExhaustion: Check = {
  id: 'integer-exhaustion',
  title: 'Integer column near the end of its type',
  severity: 'critical',
  async run(context) {
    const sequences = await readSequences(context.runner);
    const keys = await readIntegerKeys(context.runner, context.schemas);
    const filled = [
      ...sequences.flatMap((sequence) => findFed(sequence, context.schemas)),
      ...keys.flatMap((key) => findReferring(key, sequences)),
    ];
    const isFilled = (key: IntegerKey) => filled.some(({ column }) => isSame(column, key));
    const measured = await measureKeys(
      context,
      keys.filter((key) => key.indexed && !isFilled(key) && sourceOf(key, sequences) === undefined),
    );
    const unreadable = filled.filter(({ sequence }) => !sequence.readable);
    return {
      findings: [
        ...filled.flatMap((use) => tell(use.column, shareUsed(use), ORIGINS[use.origin](use.sequence))),
        ...[...measured.largest].flatMap(([key, largest]) =>
          tell(key, largest / LARGEST_VALUE[key.type], 'its largest value is that far'),
        ),
      ],
      unseen: [
        ...explainUnreadable(
          [...new Set(unreadable.map(({ sequence: { schema, name } }) => `${schema}.${name}`))],
          renderNames,
        ),
        ...measured.unseen,
      ],
    };
  },
};

/** A column with the sequence from which its values come, at first or second hand. */
interface Use {
  readonly column: FedColumn;
  readonly sequence: Sequence;
  readonly origin: 'own' | 'reference';
}

const ORIGINS: Record<Use['origin'], (sequence: Sequence) => string> = {
  own: ({ schema, name }) => `its sequence ${schema}.${name} is that far`,
  reference: ({ schema, name }) =>
    `the column it refers to is wider, and its sequence ${schema}.${name} is that far`,
};

/** The columns that end before their sequence. One that ends with a sequence that cycles goes on, with the values of old. */
function findFed(sequence: Sequence, schemas: readonly string[]): Use[] {
  return sequence.columns
    .filter((column) => schemas.includes(column.schema) && endsFirst(column, sequence))
    .filter(({ type }) => !(sequence.cycles && type === sequence.type))
    .map((column) => ({ column, sequence, origin: 'own' }));
}

function findReferring(key: IntegerKey, sequences: readonly Sequence[]): Use[] {
  const { refersTo } = key;
  const sequence = sequences.find(({ columns }) =>
    columns.some((column) => refersTo !== null && isSame(column, refersTo)),
  );
  const isItself = sourceOf(key, sequences) !== undefined;
  return sequence === undefined || isItself ? [] : [{ column: key, sequence, origin: 'reference' }];
}

function sourceOf(key: IntegerKey, sequences: readonly Sequence[]): Sequence | undefined {
  return sequences.find(({ columns }) => columns.some((column) => isSame(column, key)));
}

function isSame(one: Omit<FedColumn, 'type'>, other: Omit<FedColumn, 'type'>): boolean {
  return one.schema === other.schema && one.table === other.table && one.column === other.column;
}

function shareUsed({ column: { type }, sequence: { lastValue, increment } }: Use): number {
  if (lastValue === null || type === 'other') return 0;
  const largest = LARGEST_VALUE[type];
  return Math.max(0, increment > 0 ? lastValue / largest : lastValue / (-largest - 1));
}

function tell({ schema, table, column, type }: FedColumn, used: number, origin: string): Finding[] {
  if (type === 'other' || used < LIMITS.used) return [];
  const left = Math.max(0, Math.floor(LARGEST_VALUE[type] * (1 - used)));
  return [
    {
      object: `${schema}.${table}.${column}`,
      subject: { schema, table, columns: [column] },
      message:
        `${renderShare(used)} of what ${type === 'integer' ? 'an' : 'a'} ${type} holds is used (${origin}): ` +
        `${left === 0 ? 'inserts fail already' : `inserts fail after ${renderCount(left)} more values`}. A wider type ` +
        'rewrites the table under a lock that stops readers too; a new column, filled beside writers, does not.',
      mend: [],
      figures: { type, used, left },
      severity: used < LIMITS.criticalUsed ? 'warning' : 'critical',
    },
  ];
}
