import type { Clock } from '../clock/clock';
import { judge } from '../errors/judge';
import { isRejected } from '../errors/rejected-error';
import type { CallContext } from '../pipeline/call-context';
import { type Enclosure, Frame } from '../pipeline/frame';
import { RetryError } from '../retry/retry-error';
import { TimeoutError } from '../timeout/timeout-error';
import { type Circuit, type CircuitState, Refusal, type Verdict } from './circuit';
import { CircuitOpenError } from './circuit-open-error';
import type { CallOutcome } from './trip-rule';

/** What a breaker frame is given by its policy. */
export interface BreakerRule {
  readonly name: string | undefined;
  readonly circuit: Circuit;
  readonly clock: Clock;
  readonly slowCallMs: number | undefined;
  readonly isFailure: (error: unknown) => boolean | undefined;
  readonly onReject: (error: CircuitOpenError, context: CallContext | undefined) => void;
}

const SUCCESS: CallOutcome = Object.freeze({ isFailure: false, isSlow: false });
const SLOW: CallOutcome = Object.freeze({ isFailure: false, isSlow: true });
const FAILURE: CallOutcome = Object.freeze({ isFailure: true, isSlow: false });
const SLOW_FAILURE: CallOutcome = Object.freeze({ isFailure: true, isSlow: true });

/** One call's passage through the circuit. */
export class BreakerFrame extends Frame {
  readonly #rule: BreakerRule;
  #admittedIn: CircuitState | undefined;
  // NaN makes the field hold a double in place: see the retry frame.
  #startedMs = Number.NaN;

  constructor(outer: Enclosure, rule: BreakerRule) {
    super(outer);
    this.#rule = rule;
  }

  run(): void {
    const { circuit, clock, slowCallMs } = this.#rule;
    const { state } = circuit;
    if (state.kind === 'closed') {
      this.#admittedIn = state;
      if (slowCallMs !== undefined) this.#startedMs = clock.nowMs();
    } else {
      this.#startedMs = clock.nowMs();
      const admission = circuit.admit(this.#startedMs);
      if (admission instanceof Refusal) {
        this.#reject(admission);
        return;
      }
      this.#admittedIn = admission;
    }
    this.inner.run();
  }

  override succeed(value: unknown): void {
    const nowMs = this.#rule.clock.nowMs();
    this.#settle(this.#isSlow(nowMs) ? SLOW : SUCCESS, nowMs);
    this.outer.succeed(value);
  }

  override fail(error: unknown): void {
    const nowMs = this.#rule.clock.nowMs();
    try {
      this.#settle(this.#judge(error, nowMs), nowMs);
    } catch (predicateError) {
      this.#settle(undefined, nowMs);
      this.outer.fail(predicateError);
      return;
    }
    this.outer.fail(error);
  }

  #judge(error: unknown, nowMs: number): Verdict {
    const isSlow = this.#isSlow(nowMs);
    if (isRejected(error) || isRejected(readRetried(error))) return undefined;
    if (this.scope.isAborted) {
      // Cut short from outside. A timeout is the operator's word on how long an answer may take; a caller who left, or
      // whose deadline was near, says nothing, unless the answer was overdue by then.
      if (this.scope.reason instanceof TimeoutError) return isSlow ? SLOW_FAILURE : FAILURE;
      return isSlow ? SLOW : undefined;
    }
    const isFailure = judge('isFailure', error, this.#rule.isFailure);
    if (isFailure === undefined) return isSlow ? SLOW : undefined;
    if (isFailure) return isSlow ? SLOW_FAILURE : FAILURE;
    return isSlow ? SLOW : SUCCESS;
  }

  #isSlow(nowMs: number): boolean {
    const { slowCallMs } = this.#rule;
    return slowCallMs !== undefined && nowMs - this.#startedMs >= slowCallMs;
  }

  #settle(verdict: Verdict, nowMs: number): void {
    const admittedIn = this.#admittedIn;
    this.#admittedIn = undefined;
    if (admittedIn !== undefined) this.#rule.circuit.settle(admittedIn, verdict, this.#startedMs, nowMs);
  }

  #reject({ retryAfterMs }: Refusal): void {
    const { name, onReject } = this.#rule;
    const code = retryAfterMs === undefined ? 'CIRCUIT_ISOLATED' : 'CIRCUIT_OPEN';
    const error = new CircuitOpenError(code, name, retryAfterMs);
    onReject(error, this.call.context);
    this.outer.fail(error);
  }
}

/** What the last attempt of a retry further in came to. */
function readRetried(error: unknown): unknown {
  return error instanceof RetryError ? error.cause : undefined;
}
