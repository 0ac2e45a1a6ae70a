import type { Deadline } from '../clock/deadline';
import type { Scope } from './scope';

/** What the operation is told about the call it is in. */
export interface Attempt {
  /** 1 for the first call. */
  readonly attempt: number;
  /** Aborts when the caller's signal does, the deadline passes, a timeout fires or a hedge is won elsewhere. */
  readonly signal: AbortSignal;
  /** The shared deadline, if there is one; hand it on to inner calls. */
  readonly deadline: Deadline | undefined;
  /** Milliseconds until the deadline or the nearest timeout, whichever is first; infinite without either. Bounds a statement. */
  readonly remainingMs: number;
}

/** Work that can be run again. */
export type Operation<T> = (attempt: Attempt) => PromiseLike<T> | T;

/**
 * One run of the operation, as the operation sees it. It outlives the run harmlessly: afterwards it is cut off from the
 * call, whose parts may by then serve another one.
 */
export class RunningAttempt implements Attempt {
  readonly attempt: number;
  readonly deadline: Deadline | undefined;
  #scope: Scope | undefined;
  #signal: AbortSignal | undefined;

  constructor(attempt: number, deadline: Deadline | undefined, scope: Scope) {
    this.attempt = attempt;
    this.deadline = deadline;
    this.#scope = scope;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#scope?.signal ?? new AbortController().signal;
    return this.#signal;
  }

  get remainingMs(): number {
    // The deadline is asked as well as the scope: an abandoned run is still bound by it when its call has ended.
    return Math.min(
      this.#scope?.remainingMs() ?? Number.POSITIVE_INFINITY,
      this.deadline?.remainingMs() ?? Number.POSITIVE_INFINITY,
    );
  }

  /** The run is over. */
  end(): void {
    this.#scope = undefined;
  }
}
