/**
 * An error in one line, for people at a terminal. Node's error for a host with several addresses has no message
 * of its own, only those of its attempts.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const attempts = error instanceof AggregateError ? error.errors.map(describeError) : [];
  const message = error.message || attempts.join('; ') || error.name;
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
