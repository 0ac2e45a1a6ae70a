import type { Clock } from '../clock/clock';
import { type Deadline, DeadlineExceededError } from '../clock/deadline';
import type { Operation } from './attempt';
import type { CallContext } from './call-context';
import type { Call, Enclosure, Frame, Layer } from './frame';
import { CallScope } from './scope';

const FIRST_ATTEMPT = Object.freeze({ attempt: 1 });

/** Taken once, right after the promise they belong to is made: a shared executor saves a closure for each call. */
let lastResolve: (value: unknown) => void = idle;
let lastReject: (reason: unknown) => void = idle;
const captureSettlers = (resolve: (value: unknown) => void, reject: (reason: unknown) => void): void => {
  lastResolve = resolve;
  lastReject = reject;
};

/** Keeps strands between calls. */
export interface StrandPool {
  keep(strand: Strand): void;
}

/**
 * The frames of one call, linked from the caller's promise to the operation. Building them is most of what a call would
 * allocate, so that a strand which has done its work whole serves the next call; one whose work was abandoned does not.
 */
export class Strand implements Enclosure {
  readonly call: Call;
  readonly attempts = FIRST_ATTEMPT;
  readonly budgets = [];
  readonly depth = 0;
  readonly #scope: CallScope;
  readonly #pool: StrandPool;
  readonly #first: Frame;
  #resolve: ((value: unknown) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(layers: readonly Layer[], clock: Clock, pool: StrandPool) {
    this.#scope = new CallScope(clock);
    this.#pool = pool;
    this.call = {
      layers,
      clock,
      scope: this.#scope,
      operation: idle,
      context: undefined,
      enteredMs: Number.NaN,
      isReusable: true,
    };
    const outermost = layers[0] as Layer;
    this.#first = outermost.createFrame(this).link();
  }

  get scope(): CallScope {
    return this.#scope;
  }

  start(
    operation: Operation<unknown>,
    signal: AbortSignal | undefined,
    deadline: Deadline | undefined,
    context: CallContext | undefined,
  ): Promise<unknown> {
    const result = new Promise(captureSettlers);
    this.#resolve = lastResolve;
    this.#reject = lastReject;
    // They would hold the promise, and with it the result, until another call is made.
    lastResolve = idle;
    lastReject = idle;
    this.call.operation = operation;
    this.call.context = context;
    this.call.enteredMs = Number.NaN;
    if (signal !== undefined || deadline !== undefined) {
      this.#scope.open(signal, deadline);
      if (signal?.aborted) {
        this.fail(signal.reason);
        return result;
      }
      if (deadline !== undefined && deadline.remainingMs() <= 0) {
        this.fail(new DeadlineExceededError());
        return result;
      }
    }
    try {
      this.#first.run();
    } catch (error) {
      // Only a clock of the caller's own can throw here. The call fails, and its frames are in nobody knows what state.
      this.call.isReusable = false;
      this.fail(error);
    }
    return result;
  }

  succeed(value: unknown): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#finish();
    resolve(value);
  }

  fail(error: unknown): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    this.#finish();
    reject(error);
  }

  workAbandoned(): void {
    this.call.isReusable = false;
  }

  workEnded(): void {
    // The outcome was delivered when the work was abandoned; nobody waits here.
  }

  #finish(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    if (this.#scope.wasAborted) this.call.isReusable = false;
    this.#scope.close();
    if (!this.call.isReusable) return;
    this.call.operation = idle;
    this.call.context = undefined;
    this.#pool.keep(this);
  }
}

/** Stands where no operation is, so that a strand at rest holds nothing of its last caller. */
function idle(): void {}
