import { performance } from 'node:perf_hooks';
import { readErrorCode, type StructuredLogger } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { requirePool } from '../data-source/pool-registry';
import type { OutcomeLedger } from './outcome-ledger';

/** At most once in so long, in milliseconds. */
const INTERVAL_MS = 60_000;

/** Keeps a ledger short, in the background of the transactions that lengthen it. */
class Sweeper {
  readonly #dataSource: DataSource;
  readonly #ledger: OutcomeLedger;
  #dueAtMs = Number.NEGATIVE_INFINITY;

  constructor(dataSource: DataSource, ledger: OutcomeLedger) {
    this.#dataSource = dataSource;
    this.#ledger = ledger;
  }

  /** Starts a sweep if the last one was long ago. Nobody waits for it, and a failure is only logged. */
  sweepIfDue(logger: StructuredLogger | undefined): void {
    const nowMs = performance.now();
    if (nowMs < this.#dueAtMs) return;
    this.#dueAtMs = nowMs + INTERVAL_MS;
    this.#sweep().catch((error: unknown) => {
      logger?.warn('Old outcomes could not be swept', { code: readErrorCode(error) ?? 'unknown' });
    });
  }

  async #sweep(): Promise<void> {
    let swept: number;
    do {
      // A connection for each bounded statement, so that callers who wait come in between.
      const client = await requirePool(this.#dataSource).acquire();
      try {
        swept = await this.#ledger.sweep(client);
      } finally {
        client.release();
      }
    } while (swept > 0);
  }
}

const SWEEPERS = new WeakMap<DataSource, Map<OutcomeLedger, Sweeper>>();

/** Returns the one sweeper of a ledger in the database of a DataSource. */
export function sweeperOf(dataSource: DataSource, ledger: OutcomeLedger): Sweeper {
  const sweepers = SWEEPERS.get(dataSource) ?? new Map<OutcomeLedger, Sweeper>();
  SWEEPERS.set(dataSource, sweepers);
  const sweeper = sweepers.get(ledger) ?? new Sweeper(dataSource, ledger);
  sweepers.set(ledger, sweeper);
  return sweeper;
}
