import type { Json, KnownValues } from './generate-value';

/** A page of a list that has another one behind it. */
export interface KnownPage {
  /** The operation that it is of: `GET /v1/users`. */
  readonly operation: string;
  /** What was asked, without limit and cursor. */
  readonly query: readonly (readonly [string, string])[];
  readonly cursor: string;
}

/** What exists in the database before the first request, and what opens the service's doors. */
export interface KnownThings {
  /** By the first part of a path below `/v1`: `users`. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  readonly values: Readonly<Record<string, readonly Json[]>>;
  readonly pages: readonly KnownPage[];
  /** Whole values of the header `Authorization` of those who ask, the one who may do most first. */
  readonly authorizations: readonly string[];
}

/** What is known for the properties and parameters of a path, by their names. */
export function knownFor({ ids, values }: KnownThings, path: string): KnownValues {
  const [, , kind = ''] = path.split('/');
  return (property) => (property === 'id' ? (ids[kind] ?? []) : (values[property] ?? []));
}
