import { refusalCause, sqlstateOf, violatedConstraint } from './server-refusal';

/** A value that must be unique is taken. Says which index refused it, never the value. */
export class AlreadyExistsError extends Error {
  override readonly name = 'AlreadyExistsError';
  readonly code = 'HOLDFAST_ALREADY_EXISTS';

  constructor(
    readonly entity: string,
    readonly index: string,
    options?: ErrorOptions,
  ) {
    super(`${entity} exists already (${index})`, options);
  }
}

/** A row refers to one that does not exist. */
export class ReferenceMissingError extends Error {
  override readonly name = 'ReferenceMissingError';
  readonly code = 'HOLDFAST_REFERENCE_MISSING';

  constructor(
    readonly entity: string,
    readonly constraint: string,
    options?: ErrorOptions,
  ) {
    super(`${entity} refers to something that does not exist (${constraint})`, options);
  }
}

/** Whom the transaction acts for may not write such a row: it is of another tenant, or for operators alone. */
export class NotPermittedError extends Error {
  override readonly name = 'NotPermittedError';
  readonly code = 'HOLDFAST_NOT_PERMITTED';

  constructor(
    readonly entity: string,
    options?: ErrorOptions,
  ) {
    super(`to write this ${entity} is not permitted`, options);
  }
}

/** Name of the unique index that refused a row, or undefined for any other error. */
export function violatedUniqueIndex(error: unknown): string | undefined {
  return sqlstateOf(error) === '23505' ? (violatedConstraint(error) ?? 'unknown') : undefined;
}

/** Turns the refusals that a caller can act on into errors of the domain; the rest passes untouched. */
export function refusalOf(entity: string, error: unknown): unknown {
  const constraint = violatedConstraint(error) ?? 'unknown';
  switch (sqlstateOf(error)) {
    case '23505':
      return new AlreadyExistsError(entity, constraint, { cause: refusalCause(error) });
    case '23503':
      return new ReferenceMissingError(entity, constraint, { cause: refusalCause(error) });
    case '42501':
      return new NotPermittedError(entity, { cause: refusalCause(error) });
    default:
      return error;
  }
}
