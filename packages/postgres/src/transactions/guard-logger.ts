import type { StructuredLogger } from '@holdfast/resilience';

/** A logger that cannot log must not turn what was done into a failure. */
export function guardLogger(logger: StructuredLogger): StructuredLogger {
  const guard =
    (level: keyof StructuredLogger): StructuredLogger['info'] =>
    (message, fields) => {
      try {
        logger[level](message, fields);
      } catch {
        // There is nobody left to tell.
      }
    };
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') };
}
