import type { StructuredLogger } from '../observe/structured-logger';
import type { ExecuteOptions, Policy } from '../pipeline/policy';

/** An error that says the dependency could not be reached. */
export function unavailable(): Error {
  return withCode('ECONNREFUSED');
}

export function withCode(code: string): Error {
  return Object.assign(new Error(`failed with ${code}`), { code });
}

/** A call whose operation ends when the test says so. */
export interface HeldCall {
  /** Whether the operation was run. */
  readonly isAdmitted: boolean;
  /** What the caller was rejected with; undefined after a success. */
  readonly error: Promise<unknown>;
  /** Ends the operation. Resolves when the caller has its outcome, to the same as `error`. */
  succeed(): Promise<unknown>;
  fail(error: unknown): Promise<unknown>;
}

interface Settlers {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function holdCall(policy: Policy<unknown>, options?: ExecuteOptions): HeldCall {
  const runs: Settlers[] = [];
  const hold = (): Promise<void> => new Promise((resolve, reject) => runs.push({ resolve, reject }));
  const error = policy.execute(hold, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const [run] = runs;
  return {
    isAdmitted: run !== undefined,
    error,
    succeed() {
      run?.resolve();
      return error;
    },
    fail(reason) {
      run?.reject(reason);
      return error;
    },
  };
}

/** Makes so many calls in a row that succeed. */
export async function succeed(policy: Policy<unknown>, times = 1): Promise<void> {
  for (let call = 0; call < times; call++) await policy.execute(() => 'done');
}

/** Makes so many calls in a row that fail. Answers what the last caller was rejected with. */
export async function fail(
  policy: Policy<unknown>,
  times = 1,
  createError: () => unknown = unavailable,
): Promise<unknown> {
  let last: unknown;
  for (let call = 0; call < times; call++)
    last = await rejectionOf(policy.execute(rejectWith(createError())));
  return last;
}

function rejectWith(error: unknown): () => Promise<never> {
  return () => Promise.reject(error);
}

/** What a promise was rejected with. @throws Error when it was not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('The promise was expected to reject');
}

/** What throwing function threw. @throws Error when it did not. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('The function was expected to throw');
}

export interface LogLine {
  readonly level: keyof StructuredLogger;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that keeps its lines. */
export function recordLines(): { readonly logger: StructuredLogger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (level: keyof StructuredLogger) => (message: string, fields: LogLine['fields']) => {
    lines.push({ level, message, fields });
  };
  return {
    lines,
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
  };
}
