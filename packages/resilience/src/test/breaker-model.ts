/**
 * A circuit breaker as its documentation tells it, written without regard to cost: it keeps every call there ever was,
 * and counts by filtering. Only tests use it, to compare the real one with.
 */

/** Ratios are in hundredths, so that the model compares whole numbers. */
interface ModelRatios {
  readonly failureHundredths: number;
  readonly slowHundredths: number | undefined;
  readonly minimumThroughput: number;
}

export type ModelRule =
  | ({ readonly kind: 'timeWindow'; readonly windowMs: number } & ModelRatios)
  | ({ readonly kind: 'countWindow'; readonly size: number } & ModelRatios)
  | { readonly kind: 'consecutiveFailures'; readonly failures: number };

export interface ModelSettings {
  readonly rule: ModelRule;
  readonly slowCallMs: number | undefined;
  readonly breakMs: number;
  readonly maxBreakMs: number;
  readonly halfOpenPermits: number;
  readonly halfOpenMaxWaitMs: number;
}

/**
 * How a call ends: with a result, because the dependency was down, with an error that is an answer, because a policy
 * further in refused it, because its caller left, or because a timeout further out ran out.
 */
export type Ending = 'succeeds' | 'fails' | 'answers' | 'refused' | 'left' | 'timed-out';

/** Whether the dependency failed, did not, or nothing is known unless the answer was overdue. */
const FAILED: Readonly<Record<Ending, boolean | undefined>> = {
  succeeds: false,
  fails: true,
  answers: false,
  refused: undefined,
  left: undefined,
  'timed-out': true,
};

export interface ModelCall {
  /** The life of the state in which it was admitted. */
  readonly period: Period;
  readonly startedMs: number;
  outcome: CountedCall | 'nothing' | undefined;
}

interface CountedCall {
  readonly endedMs: number;
  readonly isFailure: boolean;
  readonly isSlow: boolean;
}

/** One stay in one state. */
type Period =
  | { readonly state: 'closed'; readonly counted: CountedCall[] }
  | { readonly state: 'open'; readonly untilMs: number; readonly breakMs: number }
  | { readonly state: 'half-open'; readonly breakMs: number; readonly trials: ModelCall[] }
  | { readonly state: 'isolated' };

/** What is known of a state when the process that was in it is gone. */
export type ModelSnapshot =
  | { readonly state: 'closed'; readonly takenMs: number; readonly counted: readonly CountedCall[] }
  | { readonly state: 'open'; readonly remainingMs: number; readonly breakMs: number }
  | { readonly state: 'half-open'; readonly breakMs: number }
  | { readonly state: 'isolated' };

export class ModelRefusal {
  constructor(readonly retryAfterMs: number | undefined) {}
}

export class BreakerModel {
  readonly #settings: ModelSettings;
  #period: Period = { state: 'closed', counted: [] };

  constructor(settings: ModelSettings) {
    this.#settings = settings;
  }

  get period(): Period {
    return this.#period;
  }

  start(nowMs: number): ModelCall | ModelRefusal {
    if (this.#period.state === 'open' && nowMs >= this.#period.untilMs) {
      this.#period = { state: 'half-open', breakMs: this.#period.breakMs, trials: [] };
    }
    this.#endHungTrials(nowMs);
    const period = this.#period;
    if (period.state === 'isolated') return new ModelRefusal(undefined);
    if (period.state === 'open') return new ModelRefusal(period.untilMs - nowMs);
    const call: ModelCall = { period, startedMs: nowMs, outcome: undefined };
    if (period.state === 'closed') return call;
    const taken = period.trials.filter((trial) => trial.outcome !== 'nothing');
    if (taken.length < this.#settings.halfOpenPermits) {
      period.trials.push(call);
      return call;
    }
    const starts = taken.filter((trial) => trial.outcome === undefined).map((trial) => trial.startedMs);
    return new ModelRefusal(Math.min(...starts) + this.#settings.halfOpenMaxWaitMs - nowMs);
  }

  end(call: ModelCall, ending: Ending, nowMs: number): void {
    const { slowCallMs, halfOpenPermits } = this.#settings;
    const isSlow = slowCallMs !== undefined && nowMs - call.startedMs >= slowCallMs;
    const isFailure = FAILED[ending];
    const isUnknown = isFailure === undefined && !(isSlow && ending !== 'refused');
    // What began in an earlier period says nothing about this one.
    if (call.period !== this.#period) return;
    this.#endHungTrials(nowMs);
    const outcome = isUnknown ? 'nothing' : { endedMs: nowMs, isFailure: isFailure === true, isSlow };
    call.outcome = outcome;
    const period = this.#period;
    if (outcome === 'nothing') return;
    if (period.state === 'closed') {
      period.counted.push(outcome);
      if (this.#isTooMuch(nowMs)) this.#break(this.#settings.breakMs, nowMs);
    } else if (period.state === 'half-open') {
      if (outcome.isFailure || outcome.isSlow) this.#breakAgain(period.breakMs, nowMs);
      else if (period.trials.filter(hasAnswered).length >= halfOpenPermits) this.reset();
    }
  }

  isolate(): void {
    if (this.#period.state !== 'isolated') this.#period = { state: 'isolated' };
  }

  reset(): void {
    this.#period = { state: 'closed', counted: [] };
  }

  snapshot(nowMs: number): ModelSnapshot {
    const period = this.#period;
    if (period.state === 'closed') return { state: 'closed', takenMs: nowMs, counted: [...period.counted] };
    if (period.state === 'half-open') return { state: 'half-open', breakMs: period.breakMs };
    if (period.state === 'isolated') return period;
    return { state: 'open', breakMs: period.breakMs, remainingMs: Math.max(0, period.untilMs - nowMs) };
  }

  restore(snapshot: ModelSnapshot, nowMs: number): void {
    if (snapshot.state === 'isolated') this.isolate();
    else if (snapshot.state === 'closed') {
      const counted = snapshot.counted.map((call) => ({
        ...call,
        endedMs:
          this.#sliceStart(nowMs) - (this.#sliceStart(snapshot.takenMs) - this.#sliceStart(call.endedMs)),
      }));
      this.#period = { state: 'closed', counted };
    } else {
      const remainingMs = snapshot.state === 'open' ? snapshot.remainingMs : 0;
      this.#period = { state: 'open', untilMs: nowMs + remainingMs, breakMs: snapshot.breakMs };
    }
  }

  /** The calls that count now, oldest first. */
  countingCalls(nowMs: number): readonly CountedCall[] {
    if (this.#period.state !== 'closed') return [];
    const { counted } = this.#period;
    const { rule } = this.#settings;
    if (rule.kind === 'countWindow') return counted.slice(-rule.size);
    if (rule.kind === 'consecutiveFailures') {
      return counted.slice(counted.findLastIndex((call) => !call.isFailure) + 1);
    }
    // The window moves by tenths of it.
    return counted.filter((call) => this.#sliceStart(call.endedMs) > this.#sliceStart(nowMs) - rule.windowMs);
  }

  #isTooMuch(nowMs: number): boolean {
    const { rule } = this.#settings;
    const calls = this.countingCalls(nowMs);
    if (rule.kind === 'consecutiveFailures') return calls.length >= rule.failures;
    const { failureHundredths, slowHundredths = Number.POSITIVE_INFINITY, minimumThroughput } = rule;
    if (calls.length < minimumThroughput) return false;
    const failures = calls.filter((call) => call.isFailure).length;
    const slow = calls.filter((call) => call.isSlow).length;
    return failures * 100 >= calls.length * failureHundredths || slow * 100 >= calls.length * slowHundredths;
  }

  /** A trial that has run too long counts as failed; that is noticed when a call comes or goes. */
  #endHungTrials(nowMs: number): void {
    if (this.#period.state !== 'half-open') return;
    const isHung = (trial: ModelCall): boolean =>
      trial.outcome === undefined && nowMs - trial.startedMs >= this.#settings.halfOpenMaxWaitMs;
    if (this.#period.trials.some(isHung)) this.#breakAgain(this.#period.breakMs, nowMs);
  }

  #breakAgain(lastBreakMs: number, nowMs: number): void {
    this.#break(Math.min(lastBreakMs * 2, this.#settings.maxBreakMs), nowMs);
  }

  #break(breakMs: number, nowMs: number): void {
    this.#period = { state: 'open', untilMs: nowMs + breakMs, breakMs };
  }

  #sliceStart(atMs: number): number {
    const { rule } = this.#settings;
    if (rule.kind !== 'timeWindow') return atMs;
    return atMs - (atMs % (rule.windowMs / 10));
  }
}

function hasAnswered(trial: ModelCall): boolean {
  return trial.outcome !== undefined && trial.outcome !== 'nothing';
}
