import type { TableOperation } from '../generate/table-operation';
import { quoteIdentifier } from '../specification/identifier';
import type { Hazard } from './plan-step';

/** What is told of an operation, whatever it is about. */
export type Told = Omit<Hazard, 'target'>;

/** Of a column that gets another type. */
export function hazardsOfType(operation: Extract<TableOperation, { kind: 'set-type' }>): Told[] {
  const { column, from, to, rewrites, scans, assumesUtc, refusal, sequences, revertIsSlow } = operation;
  const { table } = operation.table;
  const instead =
    'add a column of the new type, write both, backfill it, read the new one, and drop the old one in a later release';
  if (refusal !== undefined) {
    return [
      {
        id: 'type-not-convertible',
        verdict: 'never',
        message: `column "${column}" of "${table}" cannot be changed from ${from} to ${to}: ${refusal}`,
        instead,
      },
    ];
  }
  if (!rewrites && !scans) return revertIsSlow ? [hazardOfRevert(operation)] : [];
  const why = rewrites
    ? 'the table or an index is written anew'
    : 'every row is read again for a check constraint';
  const zone = assumesUtc ? '; a time without a zone is taken for one in UTC' : '';
  const counting = sequences.map(
    ({ name, widens, ...sequence }) =>
      `; sequence ${name} becomes ${sequence.to} with it` +
      (widens
        ? `, and ${sequence.from} again in a revert, which PostgreSQL refuses once it has counted further than that`
        : ''),
  );
  return [
    {
      id: 'change-type',
      verdict: 'allow',
      message:
        `column "${column}" of "${table}" changes from ${from} to ${to}, for which ${why} ` +
        `while readers and writers wait${zone}${counting.join('')}; TypeORM would drop the column with all that is in it and add it again, empty`,
      instead: `${instead}; or write it by hand: ALTER TABLE ${quoteIdentifier(table)} ALTER COLUMN ${quoteIdentifier(column)} TYPE ${to}`,
    },
  ];
}

function hazardOfRevert(operation: Extract<TableOperation, { kind: 'set-type' }>): Told {
  return {
    id: 'rewrite-on-revert',
    verdict: 'known',
    message: `an instant this way; ${describeRevert(operation)}`,
    instead:
      'where code is to go back and forth, leave the wider type there: older code works with it as well',
  };
}

/** Of a type that is changed in an instant, and not changed back in one. */
export function describeRevert({
  table: { table },
  column,
  from,
}: Extract<TableOperation, { kind: 'set-type' }>): string {
  return `a revert to ${from} writes or reads all of ${table} while readers and writers wait, and PostgreSQL refuses it, changing nothing, while a value of ${column} does not fit`;
}
