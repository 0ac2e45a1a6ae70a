import { type Clock, MAX_TIMER_MS } from '../clock/clock';
import { TimerList } from '../clock/timer-list';
import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import { requireClock, requireKnownOptions } from '../errors/require-option';
import { Emitter } from '../observe/emitter';
import type { CallContext } from '../pipeline/call-context';
import type { Enclosure, Frame, Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';
import { TimeoutFrame, type TimeoutRule } from './timeout-frame';

/**
 * - `abandon`: the caller gets its error at once; the operation is told to stop and left behind.
 * - `cooperate`: the operation is told to stop, and the caller waits until it has.
 */
export type TimeoutMode = 'abandon' | 'cooperate';

export interface TimeoutOptions {
  /** How long one run of what lies inside may take, in milliseconds. Above 0. */
  readonly timeoutMs: number;
  /** Default `'abandon'`. */
  readonly mode?: TimeoutMode | undefined;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
}

export interface TimeoutEvents {
  readonly timeout: {
    readonly timeoutMs: number;
    /** `deadline`: the caller's deadline was nearer than the timeout. */
    readonly limit: 'timeout' | 'deadline';
    readonly context: CallContext | undefined;
  };
}

const MODES: readonly unknown[] = ['abandon', 'cooperate'] satisfies TimeoutMode[];

class TimeoutPolicy extends Policy implements Layer {
  readonly #rule: TimeoutRule;
  readonly #emitter = new Emitter<TimeoutEvents>(['timeout']);

  constructor(options: TimeoutOptions) {
    requireKnownOptions('timeout', options, ['timeoutMs', 'mode', 'clock']);
    requireClock(options.clock);
    super(options.clock);
    const timeoutMs = requireNumber('timeoutMs', options.timeoutMs, { above: 0, max: MAX_TIMER_MS });
    const { mode = 'abandon' } = options;
    if (!MODES.includes(mode)) throw new InvalidOptionError('mode', mode, `one of ${MODES.join(', ')}`);
    this.#rule = {
      timeoutMs,
      isAbandoning: mode === 'abandon',
      clock: this.clock,
      timers: new TimerList(this.clock, timeoutMs),
      tell: (limit, context) => this.#emitter.emit('timeout', { timeoutMs, limit, context }),
    };
  }

  /**
   * Tells the listener of every `timeout`, until the returned function is called.
   * @throws InvalidOptionError when there is no such event.
   */
  on<Name extends keyof TimeoutEvents>(
    name: Name,
    listener: (event: TimeoutEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  createFrame(outer: Enclosure): Frame {
    return new TimeoutFrame(outer, this.#rule);
  }

  layers(): readonly Layer[] {
    return [this];
  }
}

export type { TimeoutPolicy };

/**
 * Makes a policy that bounds the time of what lies inside it. When the time is up the operation's signal aborts, and the
 * call rejects with `TimeoutError`; if the caller's deadline is nearer, at that deadline with `DeadlineExceededError`.
 * A result that arrives before is kept.
 *
 * All calls share one timer, so that it costs little enough to be always on.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function timeout(options: TimeoutOptions): TimeoutPolicy {
  return new TimeoutPolicy(options);
}
