import { type Clock, systemClock } from '../clock/clock';
import { type Deadline, readDeadline } from '../clock/deadline';
import { InvalidOptionError } from '../errors/invalid-option-error';
import type { Operation } from './attempt';
import type { CallContext } from './call-context';
import type { Layer } from './frame';
import { INVOCATION } from './invocation';
import { Strand } from './strand';

/** What one call may be told. */
export interface ExecuteOptions {
  /** Ends waits at once, lets no further attempt start, and aborts the signal of a running one. */
  readonly signal?: AbortSignal | undefined;
  /** Shared deadline, or milliseconds from this call. Bounds all attempts, waits and queues together. */
  readonly deadline?: Deadline | number | undefined;
  /** Who is calling, for logs and events. */
  readonly context?: CallContext | undefined;
}

/** Strands kept for reuse; a burst beyond it is left to the garbage collector. */
const MAX_IDLE_STRANDS = 256;

/**
 * A rule by which operations are run. A policy can be used alone, or in a `pipeline` with others.
 * `Added` is what it may resolve to beside the operation's own result.
 */
export abstract class Policy<Added = never> {
  /** Only in types: what `execute` may resolve to in addition. */
  declare protected readonly added: Added;
  readonly #strands: Strand[] = [];
  readonly #pool = {
    keep: (strand: Strand): void => {
      if (this.#strands.length < MAX_IDLE_STRANDS) this.#strands.push(strand);
    },
  };
  #layers: readonly Layer[] | undefined;

  /** The clock by which this policy tells time. */
  readonly clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  /**
   * Runs the operation by this policy's rule, and settles as it does.
   *
   * A result is kept whatever the signal says by the time it arrives: a committed write never reports as aborted.
   *
   * @throws the signal's reason when it is aborted before the operation runs or during a wait; `DeadlineExceededError`
   * likewise; `InvalidOptionError` when an option is out of range. All as rejections, never synchronously.
   */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T | Added> {
    let signal: AbortSignal | undefined;
    let deadline: Deadline | undefined;
    let context: CallContext | undefined;
    try {
      requireOperation(operation);
      if (options !== undefined) {
        requireOptions(options);
        signal = requireSignal(options.signal);
        if (options.deadline !== undefined) deadline = readDeadline(options.deadline, this.clock);
        context = options.context;
      }
    } catch (error) {
      return Promise.reject(error);
    }
    const strand = this.#strands.pop() ?? this.#createStrand();
    return strand.start(operation, signal, deadline, context) as Promise<T | Added>;
  }

  /** The layers of this policy, outermost first. */
  abstract layers(): readonly Layer[];

  #createStrand(): Strand {
    this.#layers ??= [...this.layers(), INVOCATION];
    return new Strand(this.#layers, this.clock, this.#pool);
  }
}

function requireOperation(operation: unknown): void {
  if (typeof operation !== 'function') throw new InvalidOptionError('operation', operation, 'a function');
}

function requireOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new InvalidOptionError('execute options', options, 'an object');
}

function requireSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new InvalidOptionError('signal', signal, 'an AbortSignal');
}
