import type { IndexMethod, StorageParameters } from '../specification/index-definition';
import { INDEX_METHODS } from '../specification/index-definition';
import { type AcceptedChecks, problemOfAcceptance } from './acceptance';
import { IndexDeclarationError } from './index-declaration-error';
import type { IndexKey } from './index-key';
import { SqlFragment } from './sql-fragment';

/** What TypeORM's own decorator takes for PostgreSQL, and what it lacks. */
export interface IndexOptions<I extends string = string, W extends string = string> {
  /** Default false. */
  readonly unique?: boolean;
  /** A unique index that takes two NULLs for equal. Default false. */
  readonly nullsNotDistinct?: boolean;
  /** Access method. Default `btree`. */
  readonly type?: IndexMethod;
  /** Properties carried for index-only scans without being keys. */
  readonly include?: readonly I[];
  /** Predicate of a partial index: `sql` with checked properties, or text that names columns as they are. */
  readonly where?: SqlFragment<W> | string;
  /** Storage parameters, for example `{ fillfactor: 90 }`. */
  readonly storage?: StorageParameters;
  /** Extensions to ensure before the index is built, for example `['pg_trgm']`. */
  readonly requires?: readonly string[];
  /** As TypeORM: short for `type: 'gist'`. */
  readonly spatial?: boolean;
  /** As TypeORM; true already: every index on an existing table is built concurrently. */
  readonly concurrent?: true;
  /** False: the index exists but somebody else owns it; it is neither created, compared nor dropped. */
  readonly synchronize?: boolean;
  /** Findings of the doctor about this index that are right as they are, each with its reason, which must not be empty. */
  readonly accept?: AcceptedChecks;
}

const KNOWN = new Set<string>([
  'unique',
  'nullsNotDistinct',
  'type',
  'include',
  'where',
  'storage',
  'requires',
  'spatial',
  'concurrent',
  'synchronize',
  'accept',
] satisfies (keyof IndexOptions)[]);

const METHODS_WITH_INCLUDE: readonly string[] = ['btree', 'gist', 'spgist'];

/** Throws {@link IndexDeclarationError} for what PostgreSQL would refuse later, at the worst moment. */
export function checkIndexOptions(
  entity: string,
  index: string | undefined,
  keys: readonly IndexKey[],
  options: IndexOptions,
): void {
  const refuse = (problem: string) => {
    throw new IndexDeclarationError(entity, index, problem);
  };
  for (const option of Object.keys(options)) {
    if (!KNOWN.has(option)) refuse(`unknown option "${option}"; allowed are ${[...KNOWN].join(', ')}`);
  }
  checkAccepted(entity, index, options);
  const method = methodOf(options);
  if (!INDEX_METHODS.includes(method)) {
    refuse(`unknown type "${method}"; allowed are ${INDEX_METHODS.join(', ')}`);
  }
  if (options.unique && method !== 'btree') refuse(`a unique index must be a btree, not ${method}`);
  if (options.nullsNotDistinct && !options.unique) refuse('nullsNotDistinct needs unique: true');
  if (options.include?.length && !METHODS_WITH_INCLUDE.includes(method)) {
    refuse(`include needs one of ${METHODS_WITH_INCLUDE.join(', ')}, not ${method}`);
  }
  for (const key of keys) checkKey(key, method, refuse);
}

/** Throws {@link IndexDeclarationError} for an unknown check and for an empty reason. */
export function checkAccepted(
  entity: string,
  index: string | undefined,
  { accept = {} }: IndexOptions,
): void {
  for (const [check, reason] of Object.entries(accept)) {
    const problem = problemOfAcceptance(check, reason);
    if (problem !== undefined) throw new IndexDeclarationError(entity, index, problem);
  }
}

/** The access method that the options ask for. */
export function methodOf(options: IndexOptions): IndexMethod {
  return options.type ?? (options.spatial ? 'gist' : 'btree');
}

function checkKey(key: IndexKey, method: string, refuse: (problem: string) => void): void {
  if (typeof key === 'string' || key instanceof SqlFragment) return;
  if (typeof key !== 'object' || key === null || !('property' in key || 'expression' in key)) {
    refuse('a key is a property name, sql`…`, { property, … } or { expression, … }');
  }
  const { order, nulls } = key;
  if (order !== undefined && order !== 'ASC' && order !== 'DESC') {
    refuse(`unknown order "${String(order)}"; allowed are ASC, DESC`);
  }
  if (nulls !== undefined && nulls !== 'FIRST' && nulls !== 'LAST') {
    refuse(`unknown nulls "${String(nulls)}"; allowed are FIRST, LAST`);
  }
  if ((order !== undefined || nulls !== undefined) && method !== 'btree') {
    refuse(`order and nulls need a btree; a ${method} index has no order`);
  }
}
