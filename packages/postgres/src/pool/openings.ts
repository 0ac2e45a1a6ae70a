import { classify } from '@holdfast/resilience/postgres';
import type { Route } from '../connection/route';

/** What an opening that failed means for the next. */
export interface OpeningTerms {
  /** After a failure that may pass, no other opening is tried for so long, in milliseconds. */
  readonly retryMs: number;
  readonly route: Route | undefined;
  /** Whether a caller is told of the first failure instead. */
  readonly failsFast: boolean;
  readonly onResume: () => void;
}

/** Decides whether an opening that failed is tried again, and when. */
export class Openings {
  readonly #terms: OpeningTerms;
  #hasConnected = false;
  #pause: NodeJS.Timeout | undefined;

  constructor(terms: OpeningTerms) {
    this.#terms = terms;
  }

  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  succeeded(): void {
    this.#hasConnected = true;
  }

  /**
   * Whether a failure may pass. If so, there is a pause, one for all: a server that refuses is asked by at most `max`
   * openings per pause, however many callers wait.
   */
  mayPass(error: unknown): boolean {
    const { route, failsFast, retryMs, onResume } = this.#terms;
    // Before the first connection, a refusal is more likely a wrong address than a passing failure, and whoever waits
    // for a server to come up is openDataSource: the typeorm command must not hang for a minute on a mistyped port.
    if (failsFast || !(this.#hasConnected || route?.hasUntried)) return false;
    const { verdict, kind } = classify(error, 'acquire');
    if (verdict !== 'retry' || kind === 'overload') return false;
    this.#pause ??= setTimeout(() => {
      this.#pause = undefined;
      onResume();
    }, retryMs);
    return true;
  }

  close(): void {
    clearTimeout(this.#pause);
  }
}
