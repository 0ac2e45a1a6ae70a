import { RunningAttempt } from './attempt';
import { type Enclosure, Frame, type Layer } from './frame';

/** The innermost frame: it calls the operation. */
class Invocation extends Frame {
  #attempt: RunningAttempt | undefined;
  // Bound once and used by call after call; two closures for each call would be a third of what it allocates.
  readonly #onFulfilled = (value: unknown): void => {
    this.#endAttempt();
    this.outer.succeed(value);
  };
  readonly #onRejected = (error: unknown): void => {
    this.#endAttempt();
    this.outer.fail(error);
  };

  override link(): this {
    return this;
  }

  run(): void {
    const { call } = this;
    // Waits lie on the way here, whose timers may be late, and listeners, which may abort: who has left is not served.
    // A call that nothing bounds is spared the question.
    if ((call.scope.isBounded || !call.isReusable) && this.scope.isAborted) {
      this.outer.fail(this.scope.reason);
      return;
    }
    const attempt = new RunningAttempt(this.attempts.attempt, call.scope.deadline, this.scope);
    this.#attempt = attempt;
    let outcome: unknown;
    let promise: Promise<unknown> | undefined;
    try {
      outcome = call.operation(attempt);
      // A native promise is taken as it is; anything else is adopted, so that it settles once and later.
      if (isThenable(outcome)) promise = Promise.resolve(outcome);
    } catch (error) {
      this.#onRejected(error);
      return;
    }
    if (promise === undefined) this.#onFulfilled(outcome);
    else promise.then(this.#onFulfilled, this.#onRejected);
  }

  /** Lets go of it, too: it holds the caller's signal and deadline. */
  #endAttempt(): void {
    this.#attempt?.end();
    this.#attempt = undefined;
  }
}

function isThenable(value: unknown): boolean {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && 'then' in value;
}

export const INVOCATION: Layer = Object.freeze({ createFrame: (outer: Enclosure) => new Invocation(outer) });
