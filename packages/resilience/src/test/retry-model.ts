import type { GiveUpReason, RetryProgress } from '../retry/retry-events';
import type { RetryDecision } from '../retry/retry-frame';
import { drawMs, drawSlowMs, hintMs, ModelBudget } from './retry-model-waits';
import type { PlannedCall, PlannedRun, RetrySchedule } from './retry-schedule';

/** What was told of a call, and when. An error is named by the run that failed with it. */
export type ToldEvent = { readonly atMs: number } & (
  | { readonly name: 'attempt'; readonly attempt: number }
  | (RetryProgress & Told)
);

type Told =
  | { readonly name: 'retry'; readonly error: string }
  | { readonly name: 'giveUp'; readonly error: string; readonly reason: GiveUpReason }
  | { readonly name: 'successAfterRetry' };

export type CallEnd = { readonly atMs: number } & (
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'failure'; readonly error: string }
  | { readonly kind: 'reason' }
  | {
      readonly kind: 'RetryError';
      readonly code: string;
      readonly attempts: number;
      readonly totalDelayMs: number;
      readonly elapsedMs: number;
      readonly cause: string;
    }
);

/** Everything that can be seen of one call from outside. */
export interface CallHistory {
  /** When the operation was run. */
  readonly startsMs: number[];
  readonly events: ToldEvent[];
  end: CallEnd | undefined;
}

/** How a run ends. `reject`: with its signal's reason. */
type Ending = 'success' | 'reject' | RetryDecision;

interface SharedByCalls {
  readonly schedule: RetrySchedule;
  readonly budget: ModelBudget | undefined;
  readonly random: () => number;
}

/**
 * What the retries of a schedule have to do, worked out without clock, promises and timers from what the documentation
 * promises: the call whose turn is next, and then the next, in plain arithmetic.
 */
export function modelRetries(schedule: RetrySchedule): CallHistory[] {
  let asked = 0;
  const shared: SharedByCalls = {
    schedule,
    budget: schedule.budget && new ModelBudget(schedule.budget),
    random: () => schedule.draws[asked++ % schedule.draws.length] ?? 0,
  };
  const calls = schedule.calls.map((plan) => new ModelCall(plan, shared));
  for (;;) {
    const [next] = [...calls].sort((a, b) => a.nextMs - b.nextMs);
    if (next === undefined || next.nextMs === Number.POSITIVE_INFINITY) break;
    next.step();
  }
  return calls.map(({ history }) => history);
}

export function plannedRun(plan: PlannedCall, attempt: number): PlannedRun {
  return plan.runs[Math.min(attempt, plan.runs.length) - 1] as PlannedRun;
}

class ModelCall {
  readonly history: CallHistory = { startsMs: [], events: [], end: undefined };
  /** When something happens to this call next. */
  nextMs: number;
  readonly #plan: PlannedCall;
  readonly #shared: SharedByCalls;
  readonly #deadlineMs: number;
  readonly #abortMs: number;
  #next: () => void = () => this.#start();
  #nowMs = 0;
  #attempt = 1;
  #totalDelayMs = 0;
  #lastDelayMs: number | undefined;
  #isOnceUsed = false;
  #failure = '';
  /** When the signal was first read; from then on the deadline is noticed as it passes. */
  #watchedSinceMs: number | undefined;

  constructor(plan: PlannedCall, shared: SharedByCalls) {
    this.#plan = plan;
    this.#shared = shared;
    this.nextMs = plan.startMs;
    this.#deadlineMs = plan.startMs + (plan.deadlineMs ?? Number.POSITIVE_INFINITY);
    this.#abortMs = plan.abortMs ?? Number.POSITIVE_INFINITY;
  }

  step(): void {
    this.#nowMs = this.nextMs;
    this.nextMs = Number.POSITIVE_INFINITY;
    this.#next();
  }

  #then(atMs: number, next: () => void): void {
    this.nextMs = atMs;
    this.#next = next;
  }

  #start(): void {
    if (this.#hasLeft()) {
      this.#end({ kind: 'reason' });
      return;
    }
    this.#shared.budget?.firstAttempt();
    this.#run();
  }

  #run(): void {
    this.history.events.push({ atMs: this.#nowMs, name: 'attempt', attempt: this.#attempt });
    this.history.startsMs.push(this.#nowMs);
    const planned = plannedRun(this.#plan, this.#attempt);
    if (planned.onAbort !== 'ignore') this.#watchedSinceMs ??= this.#nowMs;
    const endsMs = this.#nowMs + planned.afterMs;
    const abortedMs = Math.min(this.#abortMs, this.#deadlineNoticedMs());
    // At the same time the deadline is first: its timer was set before the run's own.
    if (planned.onAbort !== 'ignore' && planned.afterMs > 0 && abortedMs <= endsMs) {
      const ending = ({ reject: 'reject', fail: 'yes', succeed: 'success' } as const)[planned.onAbort];
      this.#then(abortedMs, () => this.#endRun(planned, ending));
    } else {
      this.#then(endsMs, () => this.#endRun(planned, planned.ending));
    }
  }

  #endRun(planned: PlannedRun, ending: Ending): void {
    const name = `run ${this.#attempt}`;
    if (ending === 'success') {
      if (this.#attempt > 1) this.#tell({ name: 'successAfterRetry' });
      this.#end({ kind: 'value', value: name });
      return;
    }
    if (ending === 'reject') {
      // The operation threw its signal's reason, which no rule takes for transient.
      this.#failure = this.#hasLeft() ? 'reason' : 'deadline';
      this.#passThrough();
      return;
    }
    this.#failure = name;
    const isOnce = ending === 'once' || ending === 'once-slow';
    if (planned.isRetriedInside || ending === 'no') this.#passThrough();
    else if (this.#hasLeft()) this.#leave();
    else if (this.#deadlineMs <= this.#nowMs) this.#giveUp('deadline');
    else if (this.#attempt >= this.#shared.schedule.maxAttempts || (isOnce && this.#isOnceUsed)) {
      this.#giveUp('exhausted');
    } else this.#retry(ending, hintMs(planned.hint));
  }

  #retry(decision: RetryDecision, waitAtLeastMs: number): void {
    const { schedule, budget, random } = this.#shared;
    const isSlow = decision === 'slow' || decision === 'once-slow';
    const drawnMs = isSlow
      ? drawSlowMs(schedule.backoff, random)
      : drawMs(schedule.backoff, this.#attempt, this.#lastDelayMs, random);
    const delayMs = Math.max(drawnMs, waitAtLeastMs);
    if (this.#nowMs + delayMs >= this.#deadlineMs) {
      this.#giveUp('deadline');
      return;
    }
    if (budget?.isGranted(this.#nowMs) === false) {
      this.#giveUp('budget');
      return;
    }
    this.#isOnceUsed ||= decision === 'once' || decision === 'once-slow';
    this.#lastDelayMs = delayMs;
    this.#tell({ name: 'retry', error: this.#failure });
    const overMs = this.#nowMs + delayMs + schedule.lateMs;
    const untilMs = Math.min(overMs, this.#abortMs);
    const waitedMs = untilMs - this.#nowMs;
    this.#then(untilMs, () => {
      this.#totalDelayMs += waitedMs;
      if (untilMs < overMs) this.#leave();
      else if (this.#deadlineMs <= this.#nowMs) this.#giveUp('deadline');
      else {
        this.#attempt += 1;
        this.#run();
      }
    });
  }

  #passThrough(): void {
    if (this.#attempt > 1) this.#tell({ name: 'giveUp', error: this.#failure, reason: 'not-retryable' });
    this.#end(this.#failure === 'reason' ? { kind: 'reason' } : { kind: 'failure', error: this.#failure });
  }

  #leave(): void {
    this.#tell({ name: 'giveUp', error: this.#failure, reason: 'aborted' });
    this.#end({ kind: 'reason' });
  }

  #giveUp(reason: 'exhausted' | 'deadline' | 'budget'): void {
    this.#tell({ name: 'giveUp', error: this.#failure, reason });
    this.#end({
      kind: 'RetryError',
      code: `RETRY_${reason.toUpperCase()}`,
      attempts: this.#attempt,
      totalDelayMs: this.#totalDelayMs,
      elapsedMs: this.#nowMs - this.#plan.startMs,
      cause: this.#failure,
    });
  }

  #tell(told: Told): void {
    this.history.events.push({
      atMs: this.#nowMs,
      attempt: this.#attempt,
      maxAttempts: this.#shared.schedule.maxAttempts,
      delayMs: this.#lastDelayMs ?? 0,
      totalDelayMs: this.#totalDelayMs,
      ...told,
    });
  }

  #end(end: CallEnd extends infer E ? (E extends CallEnd ? Omit<E, 'atMs'> : never) : never): void {
    this.history.end = { atMs: this.#nowMs, ...end } as CallEnd;
  }

  /** When the signal aborts because of the deadline: a timer counts whole milliseconds, and is late. */
  #deadlineNoticedMs(): number {
    const sinceMs = this.#watchedSinceMs;
    if (sinceMs === undefined) return Number.POSITIVE_INFINITY;
    return sinceMs + Math.max(1, Math.ceil(this.#deadlineMs - sinceMs)) + this.#shared.schedule.lateMs;
  }

  /** Whether the caller has left, unless a deadline that was noticed before had ended the call. */
  #hasLeft(): boolean {
    return this.#abortMs <= this.#nowMs && this.#abortMs < this.#deadlineNoticedMs();
  }
}
