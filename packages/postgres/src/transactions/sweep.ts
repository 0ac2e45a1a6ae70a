import { readErrorCode, type StructuredLogger } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { requirePool } from '../data-source/pool-registry';
import type { OutcomeLedger } from './outcome-ledger';

/** At most once in so long, in milliseconds. */
const INTERVAL_MS = 60_000;

/** Keeps a ledger short, in the background of the transactions that lengthen it. */
class Sweeper {
  readonly #ledger: OutcomeLedger;
  #dueAtMs = 0;

  constructor(ledger: OutcomeLedger) {
    this.#ledger = ledger;
  }

  /** Starts a sweep if the last one was long ago. Nobody waits for it, and a failure is only logged. */
  sweepIfDue(dataSource: DataSource, logger: StructuredLogger | undefined): void {
    const nowMs = Date.now();
    if (nowMs < this.#dueAtMs) return;
    this.#dueAtMs = nowMs + INTERVAL_MS;
    this.#sweep(dataSource).catch((error: unknown) => {
      logger?.warn('Old outcomes could not be swept', { code: readErrorCode(error) ?? 'unknown' });
    });
  }

  async #sweep(dataSource: DataSource): Promise<void> {
    let swept: number;
    do {
      // A connection for each bounded statement, so that callers who wait come in between.
      const client = await requirePool(dataSource).acquire();
      try {
        swept = await this.#ledger.sweep(client);
      } finally {
        client.release();
      }
    } while (swept > 0);
  }
}

const SWEEPERS = new WeakMap<OutcomeLedger, Sweeper>();

/** Returns the one sweeper of a ledger. */
export function sweeperOf(ledger: OutcomeLedger): Sweeper {
  const known = SWEEPERS.get(ledger);
  if (known) return known;
  const sweeper = new Sweeper(ledger);
  SWEEPERS.set(ledger, sweeper);
  return sweeper;
}
