import type { StructuredLogger } from '@holdfast/resilience';

/** Writes one line. A logger that throws is ignored: it would end the process, because lines are written from timers. */
export function logLine(
  logger: StructuredLogger | undefined,
  level: keyof StructuredLogger,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  try {
    const answer: unknown = logger?.[level](message, fields);
    // An async logger throws later, and a rejection that nobody handles ends the process as well.
    if (answer instanceof Promise) answer.catch(() => {});
  } catch {
    // Deliberately silent: see above.
  }
}
