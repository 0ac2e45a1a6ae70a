import { quoteQualified } from '../../specification/identifier';
import type { Check, Finding } from '../check';
import { renderNames } from '../explain-hidden';
import { renderCount, renderShare } from '../quantity';
import { endsFirst, explainUnreadable, LARGEST_VALUE, readSequences, type Sequence } from '../read-sequences';

const LIMITS = Object.freeze({ used: 0.7, criticalUsed: 0.9 });

/**
 * A sequence that soon has no value left, after which every insert fails. Not one whose column ends before it or with
 * it: that is the column's exhaustion. Nor one that cycles, and so never ends.
 */
export const sequenceExhaustion: Check = {
  id: 'sequence-exhaustion',
  title: 'Sequence near its end',
  severity: 'critical',
  async run({ runner, schemas }) {
    const sequences = (await readSequences(runner)).filter(
      (sequence) =>
        schemas.includes(sequence.schema) &&
        !sequence.cycles &&
        (sequence.columns.length === 0 || sequence.columns.some((column) => !endsFirst(column, sequence))),
    );
    return {
      findings: sequences.flatMap((sequence) => {
        const used = shareUsed(sequence);
        return used === undefined || used < LIMITS.used ? [] : [toFinding(sequence, used)];
      }),
      unseen: explainUnreadable(
        sequences.filter(({ readable }) => !readable).map(({ schema, name }) => `${schema}.${name}`),
        renderNames,
      ),
    };
  },
};

function shareUsed({ lastValue, minValue, maxValue, increment }: Sequence): number | undefined {
  if (lastValue === null) return undefined;
  const gone = increment > 0 ? lastValue - minValue : maxValue - lastValue;
  return gone / (maxValue - minValue);
}

function toFinding(sequence: Sequence, used: number): Finding {
  const { schema, name, type, lastValue, minValue, maxValue, increment, columns } = sequence;
  const [column] = columns;
  const end = increment > 0 ? maxValue : minValue;
  const left = Math.floor(Math.abs((end - (lastValue ?? end)) / increment));
  return {
    object: `${schema}.${name}`,
    subject: {
      schema: column?.schema ?? schema,
      index: name,
      ...(column !== undefined && { table: column.table }),
    },
    message:
      `${renderShare(used)} of it are used and ${renderCount(left)} values are left` +
      `${column === undefined ? '' : ` for ${column.table}.${column.column}`}: then nextval fails, and every insert that ` +
      `needs it. It is ${type === 'integer' ? 'an' : 'a'} ${type} with ${increment > 0 ? 'a maximum' : 'a minimum'} of ${end}.`,
    mend: mendFor(sequence),
    figures: { lastValue, end, used, left, type },
    severity: used < LIMITS.criticalUsed ? 'warning' : 'critical',
  };
}

/** The sequence can be made longer at once, as far as its columns take what comes. */
function mendFor({ schema, name, type, maxValue, increment, columns }: Sequence): string[] {
  const isWide = columns.every((column) => column.type === 'bigint');
  const change = `ALTER SEQUENCE ${quoteQualified(schema, name)}`;
  if (!isWide || increment < 0) return [];
  if (type !== 'bigint')
    return [`${change} AS bigint${maxValue < LARGEST_VALUE[type] ? ' NO MAXVALUE' : ''}`];
  return maxValue < LARGEST_VALUE.bigint ? [`${change} NO MAXVALUE`] : [];
}
