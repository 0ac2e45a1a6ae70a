import type { ConnectCallback } from './waiter';

/** What is refilled. */
interface RefillTerms {
  /** Whether a connection is missing that may be opened now. */
  readonly isShort: () => boolean;
  /** Opens one, which counts to the pool. */
  readonly open: (callback: ConnectCallback) => void;
  readonly onFailure: (error: Error) => void;
}

/** Opens one missing connection after the other; a failure waits for the next sign of life. */
export class Refill {
  readonly #terms: RefillTerms;
  #isRunning = false;

  constructor(terms: RefillTerms) {
    this.#terms = terms;
  }

  run(): void {
    if (this.#isRunning || !this.#terms.isShort()) return;
    this.#isRunning = true;
    this.#terms.open((error, client) => {
      this.#isRunning = false;
      client?.release();
      if (error) this.#terms.onFailure(error);
      else this.run();
    });
  }
}
