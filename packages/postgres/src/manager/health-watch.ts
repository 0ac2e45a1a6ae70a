import type { Clock, ScheduledTimer } from '@holdfast/resilience';
import type { ConnectionTest } from './connection-probe';
import type { ConnectionHealth } from './manager-events';

/** How the state of health has changed. */
export type HealthChange =
  | { readonly kind: 'failed'; readonly error: Error }
  | {
      readonly kind: 'recovered';
      readonly latencyMs: number;
      readonly failedChecks: number;
      /** From the end of the first failed check to that of the first good one, in milliseconds. */
      readonly durationMs: number;
    };

/** What is checked, and who is told. */
interface HealthWatchTerms {
  /** 0: never. */
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Never rejects. Undefined when there is nothing to check. */
  readonly check: () => Promise<ConnectionTest | undefined>;
  readonly onResult: (health: ConnectionHealth) => void;
  readonly onChange: (change: HealthChange) => void;
}

/** Checks at an interval whether the server works. Checks never overlap, and the timer never keeps the process alive. */
export class HealthWatch {
  readonly #terms: HealthWatchTerms;
  #timer: ScheduledTimer | undefined;
  #isChecking = false;
  #isClosed = false;
  #last: ConnectionHealth | undefined;
  #failing: { readonly sinceMs: number; checks: number } | undefined;

  constructor(terms: HealthWatchTerms) {
    this.#terms = terms;
    this.#schedule();
  }

  /** How the last check ended; undefined before the first, and when there was nothing to check. */
  get last(): ConnectionHealth | undefined {
    return this.#last;
  }

  /** No check begins any more, and of one that runs nobody hears. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { intervalMs, clock } = this.#terms;
    if (intervalMs === 0) return;
    this.#timer = clock.schedule(() => {
      this.#schedule();
      void this.#check();
    }, intervalMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    const test = await this.#terms.check();
    this.#isChecking = false;
    if (this.#isClosed) return;
    this.#last = test && { ...test, checkedAtMs: Date.now() };
    if (this.#last === undefined) {
      this.#failing = undefined;
      return;
    }
    this.#noteChange(this.#last);
    this.#terms.onResult(this.#last);
  }

  #noteChange(health: ConnectionHealth): void {
    const nowMs = this.#terms.clock.nowMs();
    if (health.ok) {
      if (this.#failing === undefined) return;
      const { sinceMs, checks } = this.#failing;
      this.#failing = undefined;
      const durationMs = nowMs - sinceMs;
      this.#terms.onChange({
        kind: 'recovered',
        latencyMs: health.latencyMs,
        failedChecks: checks,
        durationMs,
      });
      return;
    }
    if (this.#failing !== undefined) {
      this.#failing.checks += 1;
      return;
    }
    this.#failing = { sinceMs: nowMs, checks: 1 };
    this.#terms.onChange({ kind: 'failed', error: health.error });
  }
}
