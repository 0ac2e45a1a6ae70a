import { RunningAttempt } from './attempt';
import { type Enclosure, Frame, type Layer } from './frame';

/** The innermost frame: it calls the operation. */
class Invocation extends Frame {
  #attempt: RunningAttempt | undefined;
  // Bound once and used by call after call; two closures for each call would be a third of what it allocates.
  readonly #onFulfilled = (value: unknown): void => {
    this.#attempt?.end();
    this.outer.succeed(value);
  };
  readonly #onRejected = (error: unknown): void => {
    this.#attempt?.end();
    this.outer.fail(error);
  };

  override link(): this {
    return this;
  }

  run(): void {
    const { call } = this;
    const attempt = new RunningAttempt(this.attempts.attempt, call.scope.deadline, this.scope);
    this.#attempt = attempt;
    let outcome: unknown;
    try {
      outcome = call.operation(attempt);
    } catch (error) {
      this.#onRejected(error);
      return;
    }
    if (isThenable(outcome)) {
      // A native promise is taken as it is; anything else is adopted, so that it settles once and later.
      Promise.resolve(outcome).then(this.#onFulfilled, this.#onRejected);
    } else {
      this.#onFulfilled(outcome);
    }
  }
}

function isThenable(value: unknown): boolean {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && 'then' in value;
}

export const INVOCATION: Layer = Object.freeze({ createFrame: (outer: Enclosure) => new Invocation(outer) });
