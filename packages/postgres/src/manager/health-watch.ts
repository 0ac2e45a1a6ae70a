import type { Clock, ScheduledTimer } from '@holdfast/resilience';
import type { ConnectionTest } from './connection-probe';
import type { ConnectionHealth } from './manager-events';

/** How the state of health has changed. */
export type HealthChange =
  /** `tried`: what has failed, a check or the opening of a connection for anybody. */
  | { readonly kind: 'failed'; readonly tried: 'check' | 'connect'; readonly error: Error }
  | {
      readonly kind: 'recovered';
      readonly latencyMs: number;
      readonly failedChecks: number;
      /** From the first failure to the end of the first good check, in milliseconds. */
      readonly durationMs: number;
    };

/** What is checked, and who is told. */
interface HealthWatchTerms {
  /** 0: never. */
  readonly intervalMs: number;
  /** So long after an outage, a connection that cannot be opened is a reason for a check and no outage by itself. */
  readonly calmMs: number;
  readonly clock: Clock;
  /** Never rejects. Undefined when there is nothing to check. */
  readonly check: () => Promise<ConnectionTest | undefined>;
  readonly onResult: (health: ConnectionHealth) => void;
  readonly onChange: (change: HealthChange) => void;
}

/**
 * Knows whether the server works: by checks at an interval, and by what the connections tell in between, which is acted
 * upon at once. Checks never overlap, and the timer never keeps the process alive.
 */
export class HealthWatch {
  readonly #terms: HealthWatchTerms;
  #timer: ScheduledTimer | undefined;
  #isChecking = false;
  #isOff: boolean;
  #last: ConnectionHealth | undefined;
  #failing: { readonly sinceMs: number; checks: number } | undefined;
  #recoveredMs = Number.NEGATIVE_INFINITY;

  constructor(terms: HealthWatchTerms) {
    this.#terms = terms;
    this.#isOff = terms.intervalMs === 0;
    this.#schedule();
  }

  /** How the last check ended; undefined before the first, and when there was nothing to check. */
  get last(): ConnectionHealth | undefined {
    return this.#last;
  }

  /** A connection could not be opened: the first time in an outage, that is told without waiting for a check. */
  connectFailed(error: Error): void {
    if (this.#isOff || this.#failing !== undefined) return;
    const { clock, calmMs } = this.#terms;
    // A server that lets in one and refuses the next would be down and up again with each of them.
    if (clock.nowMs() - this.#recoveredMs < calmMs) void this.#check();
    else this.#begin('connect', error);
  }

  /** A connection was opened: an outage may be over. */
  connected(): void {
    if (this.#failing !== undefined) void this.#check();
  }

  /** An idle connection was lost: the server may be gone. */
  connectionLost(): void {
    if (this.#failing === undefined) void this.#check();
  }

  /** No check begins any more, and of one that runs nobody hears. */
  close(): void {
    this.#isOff = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { intervalMs, clock } = this.#terms;
    if (this.#isOff) return;
    this.#timer = clock.schedule(() => {
      this.#schedule();
      void this.#check();
    }, intervalMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    if (this.#isOff || this.#isChecking) return;
    this.#isChecking = true;
    const test = await this.#terms.check();
    this.#isChecking = false;
    if (this.#isOff) return;
    this.#last = test && { ...test, checkedAtMs: Date.now() };
    if (this.#last === undefined) {
      this.#failing = undefined;
      return;
    }
    if (this.#last.ok) this.#end(this.#last.latencyMs);
    else this.#noteFailedCheck(this.#last.error);
    this.#terms.onResult(this.#last);
  }

  #noteFailedCheck(error: Error): void {
    if (this.#failing !== undefined) this.#failing.checks += 1;
    else this.#begin('check', error);
  }

  #begin(tried: 'check' | 'connect', error: Error): void {
    this.#failing = { sinceMs: this.#terms.clock.nowMs(), checks: tried === 'check' ? 1 : 0 };
    this.#terms.onChange({ kind: 'failed', tried, error });
  }

  #end(latencyMs: number): void {
    if (this.#failing === undefined) return;
    const { sinceMs, checks: failedChecks } = this.#failing;
    this.#failing = undefined;
    this.#recoveredMs = this.#terms.clock.nowMs();
    const durationMs = this.#recoveredMs - sinceMs;
    this.#terms.onChange({ kind: 'recovered', latencyMs, failedChecks, durationMs });
  }
}
