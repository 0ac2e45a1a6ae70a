import { InvalidOptionError } from '@holdfast/resilience';
import { readOperation } from '../pool/statement-text';

/** None of them can end the transaction. */
const OPERATIONS: ReadonlySet<string> = new Set('INSERT UPDATE DELETE MERGE SELECT WITH'.split(' '));

/** @throws InvalidOptionError unless it is one of the statements that read or write, and a list of its values. */
export function requireSingleWrite(text: unknown, values: unknown): asserts text is string {
  if (typeof text !== 'string' || !OPERATIONS.has(readOperation(text))) {
    const given = typeof text === 'string' ? readOperation(text) : typeof text;
    throw new InvalidOptionError('text', given, 'an INSERT, UPDATE, DELETE, MERGE, SELECT or WITH');
  }
  if (!Array.isArray(values)) throw new InvalidOptionError('values', typeof values, 'an array');
}
