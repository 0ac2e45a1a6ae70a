/** What a log line says of an error. Nothing else of an error is ever written. */
export interface ErrorDescription {
  readonly name: string;
  readonly code?: string | number;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

/** Causes deeper than this repeat what was said, or go round in a circle. */
const MAX_CAUSES = 4;

/**
 * Picks name, code and message of an error and of its causes. An allow-list: errors of a database carry `parameters`,
 * `detail` and `query`, which hold the values of rows, and any library may add another field tomorrow.
 */
export function describeError(error: Error, withStack: boolean, causesLeft = MAX_CAUSES): ErrorDescription {
  const { code } = error as { code?: unknown };
  const { cause } = error;
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: error.message,
    ...(withStack && error.stack !== undefined ? { stack: error.stack } : {}),
    ...(cause instanceof Error && causesLeft > 0
      ? { cause: describeError(cause, withStack, causesLeft - 1) }
      : {}),
  };
}
