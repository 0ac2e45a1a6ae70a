import { InvalidOptionError } from '@holdfast/resilience';
import { describeKind } from './describe-kind';

/** An argument that may hold rows is told by its kind alone: the error would carry them into a log. */
export function refuseArgument(argument: string, value: unknown, allowed: string): InvalidOptionError {
  return new InvalidOptionError(argument, value && describeKind(value), allowed);
}

/** @throws InvalidOptionError unless rows can be pulled out of the value without waiting. A text is no list of rows. */
export function requireRows(rows: unknown): void {
  if (typeof rows === 'object' && rows !== null && Symbol.iterator in rows) return;
  throw refuseArgument('rows', rows, 'an array or another synchronous iterable of rows');
}

/** @throws InvalidOptionError unless rows can be pulled out of the value one by one. */
export function requireRowSource(rows: unknown): void {
  if (typeof rows === 'object' && rows !== null && (Symbol.iterator in rows || Symbol.asyncIterator in rows))
    return;
  throw refuseArgument('rows', rows, 'an iterable or asynchronous iterable of rows');
}

/** @throws InvalidOptionError unless the value is an array. */
export function requireIds(ids: unknown): void {
  if (!Array.isArray(ids)) throw refuseArgument('ids', ids, 'an array of ids');
}

/** @throws InvalidOptionError unless the value can end something, or is undefined. */
export function requireSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new InvalidOptionError('signal', signal, 'an AbortSignal');
}

/** @throws InvalidOptionError unless the value says yes or no. */
export function requireFlag(option: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new InvalidOptionError(option, value, 'true or false');
}
