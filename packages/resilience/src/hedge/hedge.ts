import { type Clock, MAX_TIMER_MS } from '../clock/clock';
import { TimerList } from '../clock/timer-list';
import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import { requireClock, requireKnownOptions } from '../errors/require-option';
import { Emitter } from '../observe/emitter';
import type { CallContext } from '../pipeline/call-context';
import type { Enclosure, Frame, Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';
import { RetryBudget } from '../retry/retry-budget';
import { HedgeFrame, type HedgeRule } from './hedge-frame';

export interface HedgeOptions {
  /** How long to wait for one run before another is started beside it, in milliseconds. Above 0. About the p95 of the operation. */
  readonly delayMs: number;
  /** Runs in all, the first included. An integer of at least 2. Default 2. */
  readonly maxAttempts?: number | undefined;
  /** Bounds the extra runs of everybody who shares it. Default: no bound but `maxAttempts`. */
  readonly budget?: RetryBudget | undefined;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
}

export interface HedgeEvents {
  readonly hedge: {
    /** Which run is started: 2 for the first extra one. */
    readonly run: number;
    readonly context: CallContext | undefined;
  };
}

class HedgePolicy extends Policy implements Layer {
  readonly #rule: HedgeRule;
  readonly #emitter = new Emitter<HedgeEvents>(['hedge']);

  constructor(options: HedgeOptions) {
    requireKnownOptions('hedge', options, ['delayMs', 'maxAttempts', 'budget', 'clock']);
    requireClock(options.clock);
    super(options.clock);
    const { maxAttempts = 2, budget } = options;
    const delayMs = requireNumber('delayMs', options.delayMs, { above: 0, max: MAX_TIMER_MS });
    requireNumber('maxAttempts', maxAttempts, { min: 2, integer: true });
    if (budget !== undefined && !(budget instanceof RetryBudget)) {
      throw new InvalidOptionError('budget', budget, 'a budget made by retryBudget()');
    }
    this.#rule = {
      maxAttempts,
      budget,
      timers: new TimerList(this.clock, delayMs),
      onHedge: (run, context) => {
        if (this.#emitter.isHeard('hedge')) this.#emitter.emit('hedge', { run, context });
      },
    };
  }

  /**
   * Tells the listener of every `hedge`, until the returned function is called.
   * @throws InvalidOptionError when there is no such event.
   */
  on<Name extends keyof HedgeEvents>(name: Name, listener: (event: HedgeEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  createFrame(outer: Enclosure): Frame {
    return new HedgeFrame(outer, this.#rule);
  }

  layers(): readonly Layer[] {
    return [this];
  }
}

export type { HedgePolicy };

/**
 * Makes a policy that cuts the long tail of reads: when a run has not answered after `delayMs`, another is started beside
 * it, and the first success wins; the others are told to stop. A failure waits for the runs that are still out.
 *
 * Two runs at once are harmless only if the operation is. So nothing is hedged unless the call says
 * `context: { idempotent: true }`.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function hedge(options: HedgeOptions): HedgePolicy {
  return new HedgePolicy(options);
}
