import { readErrorCode } from './error-chain';
import type { RetryContext } from './retry-context';

/** Where a retry stands when a line is written. */
export interface RetryProgress {
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly totalDelayMs: number;
}

/** Why no further attempt follows. */
export type GiveUpReason = 'exhausted' | 'deadline' | 'aborted' | 'not-retryable';

/** Errors and query parameters carry user data, so a line is built from this list and from codes, never by spreading. */
const CONTEXT_FIELDS = [
  'operation',
  'component',
  'requestId',
  'traceId',
  'organizationId',
  'userId',
] as const satisfies readonly (keyof RetryContext)[];

const MAX_FIELD_LENGTH = 200;

/** Writes the three lines a retry can write. A logger that throws is ignored: it must not turn a success into a failure. */
export class RetryLog {
  readonly #context: RetryContext;

  constructor(context: RetryContext) {
    this.#context = context;
  }

  retry(progress: RetryProgress, error: unknown): void {
    this.#write('warn', 'Retrying after a failure', progress, { code: renderCode(error) });
  }

  giveUp(progress: RetryProgress, error: unknown, reason: GiveUpReason): void {
    const level = reason === 'aborted' ? 'info' : 'error';
    this.#write(level, 'Gave up retrying', progress, { code: renderCode(error), reason });
  }

  successAfterRetry(progress: RetryProgress): void {
    this.#write('info', 'Succeeded after retrying', progress, {});
  }

  #write(
    level: 'info' | 'warn' | 'error',
    message: string,
    progress: RetryProgress,
    facts: Readonly<Record<string, unknown>>,
  ): void {
    const { logger } = this.#context;
    if (!logger) return;
    try {
      logger[level](message, { ...pickContext(this.#context), ...progress, ...facts });
    } catch {
      // Deliberately silent: see the class.
    }
  }
}

function pickContext(context: RetryContext): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of CONTEXT_FIELDS) {
    const value: unknown = context[name];
    if (typeof value === 'string') fields[name] = value.slice(0, MAX_FIELD_LENGTH);
    else if (typeof value === 'number' || typeof value === 'boolean') fields[name] = value;
  }
  return fields;
}

function renderCode(error: unknown): string {
  const code = readErrorCode(error) ?? (error instanceof Error ? error.name : typeof error);
  return code.slice(0, MAX_FIELD_LENGTH);
}
