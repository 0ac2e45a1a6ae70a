import type { Deadline } from './deadline';
import type { RetrySettings } from './retry-options';

/** What the operation is told about the call it is in. */
export interface Attempt {
  /** 1 for the first call. */
  readonly attempt: number;
  /** Aborts when the caller's signal aborts or the deadline passes, whichever is first. */
  readonly signal: AbortSignal;
  /** The shared deadline, if there is one; what remains can bound a statement or an inner call. */
  readonly deadline: Deadline | undefined;
}

/**
 * The signal of one retried call. It is made when an operation first reads it: most never do, and a controller with its
 * timer is the larger part of what a retry would cost.
 */
export class CallSignal {
  readonly #settings: Pick<RetrySettings, 'signal' | 'deadline' | 'clock'>;
  #signal: AbortSignal | undefined;
  #release: (() => void) | undefined;

  constructor(settings: Pick<RetrySettings, 'signal' | 'deadline' | 'clock'>) {
    this.#settings = settings;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#create();
    return this.#signal;
  }

  /** Takes back the timer and the listener. The signal no longer aborts on its own. */
  dispose(): void {
    this.#release?.();
    this.#release = undefined;
  }

  #create(): AbortSignal {
    const { signal, deadline, clock } = this.#settings;
    if (signal && !deadline) return signal;
    const controller = new AbortController();
    if (!deadline) return controller.signal;
    const onAbort = (): void => controller.abort(signal?.reason);
    const timer = clock.schedule(
      () => controller.abort(new DOMException('The deadline has passed', 'TimeoutError')),
      deadline.remainingMs(),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    this.#release = () => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    return controller.signal;
  }
}

/** Describes one call of the operation without making its signal yet. */
export function createAttempt(attempt: number, call: CallSignal, deadline: Deadline | undefined): Attempt {
  return {
    attempt,
    get signal() {
      return call.signal;
    },
    deadline,
  };
}
