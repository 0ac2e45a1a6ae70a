import { InvalidOptionError } from '../errors/invalid-option-error';
import type { CallOutcome, Tally, TallySnapshot, TripRule } from './trip-rule';

/**
 * Where a circuit stands. Each state carries only its own data, and each entry into a state is an object of its own: a
 * call remembers the one it was admitted in, and its result counts only while that one is current. So a result from
 * before a change of state never moves the breaker.
 */
export type CircuitState =
  | { readonly kind: 'closed'; readonly tally: Tally }
  | { readonly kind: 'open'; readonly untilMs: number; readonly breakMs: number }
  | {
      readonly kind: 'half-open';
      /** How long the last break was. */
      readonly breakMs: number;
      /** When each trial that is running started, oldest first. */
      readonly runningSinceMs: number[];
      /** Trials that have succeeded. */
      succeeded: number;
    }
  | { readonly kind: 'isolated' };

export type CircuitStateName = CircuitState['kind'];

type HalfOpen = CircuitState & { readonly kind: 'half-open' };

/** What a result says of the dependency; undefined when it says nothing. */
export type Verdict = CallOutcome | undefined;

export interface CircuitSettings {
  readonly rule: TripRule;
  readonly breakMs: number;
  readonly maxBreakMs: number;
  readonly halfOpenPermits: number;
  readonly halfOpenMaxWaitMs: number;
  /** Told when the kind of state has changed; counting anew or another end of the same break is no change. */
  readonly onChange: (from: CircuitState, to: CircuitState, nowMs: number) => void;
}

/** Admission was refused; undefined while isolated. */
export class Refusal {
  constructor(readonly retryAfterMs: number | undefined) {}
}

/**
 * The state machine of a breaker: closed → open → half-open → closed, or isolated by hand. It moves when calls come and
 * go, by the time they hand in, and needs no timer: nothing is wedged when nobody calls, and nothing keeps a process alive.
 */
export class Circuit {
  readonly #settings: CircuitSettings;
  #state: CircuitState;

  constructor(settings: CircuitSettings) {
    this.#settings = settings;
    this.#state = this.#createClosed();
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Admits a call, and answers the state it was admitted in, or refuses it. */
  admit(nowMs: number): CircuitState | Refusal {
    if (this.#state.kind === 'open' && nowMs >= this.#state.untilMs)
      this.#halfOpen(this.#state.breakMs, nowMs);
    const state = this.#state;
    switch (state.kind) {
      case 'closed':
        return state;
      case 'open':
        // In whole milliseconds, since a timer drops the rest and would come back too early.
        return new Refusal(Math.ceil(state.untilMs - nowMs));
      case 'isolated':
        return new Refusal(undefined);
      case 'half-open':
        return this.#admitTrial(state, nowMs);
      default:
        return state satisfies never;
    }
  }

  /** A call that was admitted in `admittedIn` has ended. `startedMs` is read of trials alone: when it was admitted. */
  settle(admittedIn: CircuitState, verdict: Verdict, startedMs: number, nowMs: number): void {
    // The fence: what was admitted before the last change of state says nothing about this one.
    if (admittedIn !== this.#state) return;
    if (admittedIn.kind === 'half-open') this.#settleTrial(admittedIn, verdict, startedMs, nowMs);
    else if (
      admittedIn.kind === 'closed' &&
      verdict !== undefined &&
      isReached(admittedIn.tally, verdict, nowMs)
    ) {
      this.#open(this.#settings.breakMs, nowMs);
    }
  }

  /** Refuses every call until `close`. */
  isolate(nowMs: number): void {
    this.#change({ kind: 'isolated' }, nowMs);
  }

  /** Admits every call, and counts anew. */
  close(nowMs: number): void {
    this.#change(this.#createClosed(), nowMs);
  }

  /** Closes with counts from elsewhere. @throws InvalidOptionError when they are another rule's. */
  restoreClosed(counts: TallySnapshot, nowMs: number): void {
    const tally = this.#settings.rule.createTally();
    if (!tally.restoreCounts(counts, nowMs)) {
      throw new InvalidOptionError('snapshot.tally', counts.rule, "counts of this breaker's own trip rule");
    }
    this.#change({ kind: 'closed', tally }, nowMs);
  }

  /** Takes up a break that has `remainingMs` left. */
  resume(breakMs: number, remainingMs: number, nowMs: number): void {
    this.#change({ kind: 'open', untilMs: nowMs + remainingMs, breakMs }, nowMs);
  }

  #admitTrial(state: HalfOpen, nowMs: number): CircuitState | Refusal {
    const leftMs = this.#readLeftMs(state, nowMs);
    // A trial hangs: that is an answer too. Without this the circuit would stay half-open for ever.
    if (leftMs <= 0) return new Refusal(this.#reopen(state.breakMs, nowMs));
    if (state.runningSinceMs.length + state.succeeded >= this.#settings.halfOpenPermits) {
      return new Refusal(Math.ceil(leftMs));
    }
    state.runningSinceMs.push(nowMs);
    return state;
  }

  #settleTrial(state: HalfOpen, verdict: Verdict, startedMs: number, nowMs: number): void {
    // Asked here as well: what a trial that took too long counts as must not depend on whether somebody called meanwhile.
    if (this.#readLeftMs(state, nowMs) <= 0 || verdict?.isFailure || verdict?.isSlow) {
      this.#reopen(state.breakMs, nowMs);
      return;
    }
    state.runningSinceMs.splice(state.runningSinceMs.indexOf(startedMs), 1);
    if (verdict === undefined) return;
    state.succeeded += 1;
    if (state.succeeded >= this.#settings.halfOpenPermits) this.#change(this.#createClosed(), nowMs);
  }

  /** How long the oldest of the running trials may still take. */
  #readLeftMs({ runningSinceMs }: HalfOpen, nowMs: number): number {
    const [oldestMs = nowMs] = runningSinceMs;
    return this.#settings.halfOpenMaxWaitMs - (nowMs - oldestMs);
  }

  #halfOpen(breakMs: number, nowMs: number): void {
    this.#change({ kind: 'half-open', breakMs, runningSinceMs: [], succeeded: 0 }, nowMs);
  }

  /** Breaks for twice as long as before. */
  #reopen(lastBreakMs: number, nowMs: number): number {
    return this.#open(Math.min(this.#settings.maxBreakMs, lastBreakMs * 2), nowMs);
  }

  #open(breakMs: number, nowMs: number): number {
    this.#change({ kind: 'open', untilMs: nowMs + breakMs, breakMs }, nowMs);
    return breakMs;
  }

  #createClosed(): CircuitState {
    return { kind: 'closed', tally: this.#settings.rule.createTally() };
  }

  #change(to: CircuitState, nowMs: number): void {
    const from = this.#state;
    this.#state = to;
    if (from.kind !== to.kind) this.#settings.onChange(from, to, nowMs);
  }
}

/** A rule of the caller's own may throw. The circuit stays closed then: counting a call must not change its outcome. */
function isReached(tally: Tally, outcome: CallOutcome, nowMs: number): boolean {
  try {
    return tally.record(outcome, nowMs);
  } catch {
    return false;
  }
}
