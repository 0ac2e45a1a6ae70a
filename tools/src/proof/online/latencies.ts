/** How long the appends of some time took, and how they ended. */
export interface Latencies {
  readonly seconds: number;
  readonly appended: number;
  readonly failed: number;
  /** Of the first failure; undefined without one. */
  readonly failure: string | undefined;
  /** In milliseconds; 0 where nothing was appended. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** Collects the appends of some time. */
export class LatencyRecord {
  readonly #timesMs: number[] = [];
  readonly #startedAtMs = performance.now();
  #endedAtMs = this.#startedAtMs;
  #failed = 0;
  #failure: string | undefined;

  note(elapsedMs: number): void {
    this.#timesMs.push(elapsedMs);
  }

  noteFailure(error: unknown): void {
    this.#failed += 1;
    this.#failure ??= error instanceof Error ? error.message : String(error);
  }

  /** Ends the time that is watched. */
  close(): this {
    this.#endedAtMs = performance.now();
    return this;
  }

  /** What several have collected, as if it had been one. */
  static join(records: readonly LatencyRecord[]): Latencies {
    const sorted = Float64Array.from(records.flatMap((record) => record.#timesMs)).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      seconds: sum(records, (record) => record.#endedAtMs - record.#startedAtMs) / 1_000,
      appended: sorted.length,
      failed: sum(records, (record) => record.#failed),
      failure: records.map((record) => record.#failure).find((failure) => failure !== undefined),
      medianMs: at(0.5),
      p99Ms: at(0.99),
      longestMs: sorted.at(-1) ?? 0,
    };
  }
}

function sum(records: readonly LatencyRecord[], read: (record: LatencyRecord) => number): number {
  return records.reduce((total, record) => total + read(record), 0);
}
