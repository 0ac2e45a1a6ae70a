/** What every library is set to alike. */
export interface Settings {
  /** Calls of the operation, the first included. */
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
}

/** What is measured: far from every limit, as calls are on a good day. */
export const MEASURED_SETTINGS: Settings = Object.freeze({
  maxAttempts: 5,
  baseDelayMs: 1000,
  timeoutMs: 1000,
  maxConcurrent: 100,
});

/** Work that a contender is put around. */
export type Operation = () => Promise<number>;

export type Protection = 'timeout' | 'bulkhead' | 'breaker';

/** A way to call an operation, to be measured beside others. */
export interface Contender {
  readonly name: string;
  /** Whether it runs a failed operation again. */
  readonly retries: boolean;
  /** The protections it has, and how an error shows that one of them has stepped in. */
  readonly refusals: Readonly<Partial<Record<Protection, (error: unknown) => boolean>>>;
  /** Puts it around an operation, with a state of its own. */
  bind(operation: Operation, settings: Settings): Operation;
}

/** The operation itself: what all others are compared with. */
export const BARE: Contender = Object.freeze({
  name: 'bare await',
  retries: false,
  refusals: Object.freeze({}),
  bind: (operation: Operation) => operation,
});

/** The library refuses with errors of this code. */
export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Error && 'code' in error && error.code === code;
}
