import type { Clock } from '../clock/clock';
import { DeadlineExceededError, onDeadline } from '../clock/deadline';
import type { TimerEntry, TimerList } from '../clock/timer-list';
import type { CallContext } from '../pipeline/call-context';
import { type Enclosure, Frame } from '../pipeline/frame';
import { Scope } from '../pipeline/scope';
import { TimeoutError } from './timeout-error';

/** What a timeout frame is given by its policy. */
export interface TimeoutRule {
  readonly timeoutMs: number;
  readonly isAbandoning: boolean;
  readonly clock: Clock;
  readonly timers: TimerList;
  readonly tell: (limit: 'timeout' | 'deadline', context: CallContext | undefined) => void;
}

/**
 * - `running`: within the limit.
 * - `expired`: told to stop; its outcome is still awaited.
 * - `abandoned`: its outcome has been reported without it.
 * - `over`: nothing is running.
 */
type Stage = 'running' | 'expired' | 'abandoned' | 'over';

/** One call's time limit. */
export class TimeoutFrame extends Frame implements TimerEntry {
  dueMs = 0;
  previous: TimerEntry | undefined;
  next: TimerEntry | undefined;
  readonly #rule: TimeoutRule;
  #stage: Stage = 'over';
  /** Set where the caller's deadline is nearer than the timeout: such calls are not due in the order they come. */
  #cancelDeadline: (() => void) | undefined;
  #error: TimeoutError | DeadlineExceededError | undefined;

  constructor(outer: Enclosure, rule: TimeoutRule) {
    super(outer);
    this.#rule = rule;
    this.scope = new TimeoutScope(outer.scope, this, rule.clock);
  }

  run(): void {
    const { timers, timeoutMs, clock } = this.#rule;
    this.#stage = 'running';
    const { deadline } = this.call.scope;
    if (deadline !== undefined && deadline.remainingMs() < timeoutMs) {
      this.dueMs = Number.POSITIVE_INFINITY;
      this.#cancelDeadline = onDeadline(deadline, clock, () => {
        this.#cancelDeadline = undefined;
        this.#expire(new DeadlineExceededError(), 'deadline');
      });
    } else {
      timers.add(this, this.readEnteredMs());
    }
    this.inner.run();
  }

  onDue(): void {
    this.#expire(new TimeoutError(this.#rule.timeoutMs), 'timeout');
  }

  override succeed(value: unknown): void {
    // A result is kept, however late, as long as somebody waits for it.
    if (this.#end() !== 'abandoned') this.outer.succeed(value);
    else this.outer.workEnded();
  }

  override fail(error: unknown): void {
    const stage = this.#end();
    if (stage === 'abandoned') this.outer.workEnded();
    else this.outer.fail(stage === 'expired' ? this.#error : error);
  }

  /** Nothing of this run is left to end. Answers how far it had come. */
  #end(): Stage {
    const stage = this.#stage;
    this.#stage = 'over';
    if (stage === 'running') {
      if (this.#cancelDeadline === undefined) this.#rule.timers.remove(this);
      else this.#cancelDeadline();
      this.#cancelDeadline = undefined;
    }
    this.scope.close();
    return stage;
  }

  #expire(error: TimeoutError | DeadlineExceededError, limit: 'timeout' | 'deadline'): void {
    this.#stage = 'expired';
    this.#error = error;
    this.call.isReusable = false;
    this.#rule.tell(limit, this.call.context);
    if (!this.#isStill('expired')) return;
    // What only waits inside (in a queue, between attempts) ends right here, and then there is nothing to abandon.
    this.scope.abort(error);
    if (this.#isStill('expired') && this.#rule.isAbandoning) {
      this.#stage = 'abandoned';
      this.outer.workAbandoned();
      this.outer.fail(error);
    }
  }

  /** Asks anew: the abort may have ended this run. */
  #isStill(stage: Stage): boolean {
    return this.#stage === stage;
  }
}

/** Knows how long the operation has. */
class TimeoutScope extends Scope {
  readonly #entry: TimerEntry;
  readonly #clock: Clock;

  constructor(parent: Scope, entry: TimerEntry, clock: Clock) {
    super(parent);
    this.#entry = entry;
    this.#clock = clock;
  }

  override remainingMs(): number {
    return Math.min(super.remainingMs(), Math.max(0, this.#entry.dueMs - this.#clock.nowMs()));
  }
}
