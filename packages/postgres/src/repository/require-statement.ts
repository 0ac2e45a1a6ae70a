import { InvalidOptionError, requireKnownOptions } from '@holdfast/resilience';
import { refuseArgument, requireFlag } from '../bulk/require-arguments';
import type { QueryOptions } from './entity-repository';

/** Returns whether a replica may answer it. @throws InvalidOptionError for what is no statement. */
export function requireStatement(
  call: string,
  text: unknown,
  values: unknown,
  options: QueryOptions,
): boolean {
  if (typeof text !== 'string') throw new InvalidOptionError('text', typeof text, 'a statement');
  if (!Array.isArray(values)) throw refuseArgument('values', values, 'a list of parameters');
  requireKnownOptions(call, options, ['fromReplica']);
  const { fromReplica = false } = options;
  requireFlag('fromReplica', fromReplica);
  return fromReplica;
}
