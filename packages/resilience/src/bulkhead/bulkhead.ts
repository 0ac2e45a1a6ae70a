import { type Clock, MAX_TIMER_MS } from '../clock/clock';
import { requireNumber } from '../errors/invalid-option-error';
import { requireClock, requireKnownOptions, requireName } from '../errors/require-option';
import { Emitter } from '../observe/emitter';
import type { CallContext } from '../pipeline/call-context';
import type { Enclosure, Frame, Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';
import type { BulkheadRejectedError } from './bulkhead-rejected-error';
import { Gate } from './gate';
import { GateFrame, type GateRule } from './gate-frame';

export interface BulkheadOptions {
  /** Operations that may run at once. An integer of at least 1. */
  readonly maxConcurrent: number;
  /** Callers that may wait for a slot. An integer of at least 0. Default 0: whoever finds no slot is refused. */
  readonly maxQueue?: number | undefined;
  /** How long one may wait, in milliseconds. Above 0. Default: until the caller's deadline. */
  readonly maxQueueWaitMs?: number | undefined;
  /** Stands in errors and events. */
  readonly name?: string | undefined;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
}

export interface BulkheadEvents {
  readonly reject: {
    readonly code: BulkheadRejectedError['code'];
    readonly name: string | undefined;
    readonly active: number;
    readonly queued: number;
    readonly context: CallContext | undefined;
  };
}

class BulkheadPolicy extends Policy implements Layer {
  readonly #gate: Gate;
  readonly #rule: GateRule;
  readonly #emitter = new Emitter<BulkheadEvents>(['reject']);

  constructor(options: BulkheadOptions) {
    requireKnownOptions('bulkhead', options, [
      'maxConcurrent',
      'maxQueue',
      'maxQueueWaitMs',
      'name',
      'clock',
    ]);
    requireClock(options.clock);
    super(options.clock);
    const { maxConcurrent, maxQueue = 0, maxQueueWaitMs, name } = options;
    requireNumber('maxConcurrent', maxConcurrent, { min: 1, integer: true });
    requireNumber('maxQueue', maxQueue, { min: 0, integer: true });
    if (maxQueueWaitMs !== undefined) {
      requireNumber('maxQueueWaitMs', maxQueueWaitMs, { above: 0, max: MAX_TIMER_MS });
    }
    requireName(name);
    this.#gate = new Gate(maxConcurrent, maxQueue);
    this.#rule = {
      name,
      gate: this.#gate,
      maxQueueWaitMs,
      clock: this.clock,
      onReject: ({ code, active, queued }, context) => {
        if (this.#emitter.isHeard('reject'))
          this.#emitter.emit('reject', { code, name, active, queued, context });
      },
    };
  }

  /** Slots taken, by work that has not settled yet. */
  get active(): number {
    return this.#gate.active;
  }

  /** Callers waiting for a slot. */
  get queued(): number {
    return this.#gate.queued;
  }

  /**
   * Tells the listener of every `reject`, until the returned function is called.
   * @throws InvalidOptionError when there is no such event.
   */
  on<Name extends keyof BulkheadEvents>(
    name: Name,
    listener: (event: BulkheadEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  createFrame(outer: Enclosure): Frame {
    return new GateFrame(outer, this.#rule);
  }

  layers(): readonly Layer[] {
    return [this];
  }
}

export type { BulkheadPolicy };

/**
 * Makes a policy that lets a limited number of operations run at once, and lets others wait in the order they came.
 *
 * Nobody overtakes a waiter; an abort or a passed deadline takes a waiter out of the queue at once. A slot is held until
 * the work has really settled, even if its caller has stopped waiting. Refusals are `BulkheadRejectedError`.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function bulkhead(options: BulkheadOptions): BulkheadPolicy {
  return new BulkheadPolicy(options);
}
