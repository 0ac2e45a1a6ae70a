import { type DoctorReport, examine, type ReportedFinding } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';
import { reasonOf } from './part';

/** The examination of the indexes: whether one runs, and what the last one found. */
export interface DoctorView {
  readonly isRunning: boolean;
  /** Why the last one came to no end; null when it did. */
  readonly failure: string | null;
  /** When another may be asked for, ISO 8601; null: now. */
  readonly nextAt: string | null;
  readonly report: DoctorSummary | null;
}

/** What the last examination found. */
export interface DoctorSummary {
  /** ISO 8601, by the clock of this process. */
  readonly examinedAt: string;
  readonly checks: number;
  readonly accepted: number;
  readonly unseen: readonly string[];
  readonly findings: readonly Pick<
    ReportedFinding,
    'check' | 'title' | 'severity' | 'object' | 'message' | 'mend'
  >[];
}

/** At most one examination in so many ms: it reads the statistics of every table. */
const PAUSE_MS = 600_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const MOST_FINDINGS = 50;

/** Runs the doctor when it is asked to, one at a time and not too often. */
export class ConsoleDoctor {
  readonly #open: () => Promise<DataSource>;
  readonly #now: () => number;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #endedAtMs: number | undefined;
  #failure: string | null = null;
  #report: DoctorSummary | null = null;

  constructor(open: () => Promise<DataSource>, now: () => number = Date.now) {
    this.#open = open;
    this.#now = now;
  }

  /** An examination runs, unless the last one ended less than ten minutes ago. Returns at once. */
  ask(): DoctorView {
    if (this.#running === undefined && this.#nextAtMs() <= this.#now() && !this.#stop.signal.aborted) {
      this.#running = this.#examine().finally(() => {
        this.#running = undefined;
      });
    }
    return this.view();
  }

  view(): DoctorView {
    const nextAtMs = this.#nextAtMs();
    return {
      isRunning: this.#running !== undefined,
      failure: this.#failure,
      nextAt: nextAtMs > this.#now() ? new Date(nextAtMs).toISOString() : null,
      report: this.#report,
    };
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The service is shutting down'));
    await this.#running;
  }

  /** One that failed may be repeated at once. */
  #nextAtMs(): number {
    return this.#endedAtMs === undefined ? 0 : this.#endedAtMs + PAUSE_MS;
  }

  async #examine(): Promise<void> {
    try {
      const { signal } = this.#stop;
      const report = await examine(await this.#open(), { timeoutMs: STATEMENT_TIMEOUT_MS, signal });
      this.#endedAtMs = this.#now();
      this.#report = summarise(report, this.#endedAtMs);
      this.#failure = null;
    } catch (error) {
      this.#failure = reasonOf(error);
    }
  }
}

function summarise(report: DoctorReport, endedAtMs: number): DoctorSummary {
  return {
    examinedAt: new Date(endedAtMs).toISOString(),
    checks: report.checks.length,
    accepted: report.accepted.length,
    unseen: report.unseen.map(({ message }) => message),
    findings: report.findings
      .slice(0, MOST_FINDINGS)
      .map(({ check, title, severity, object, message, mend }) => ({
        check,
        title,
        severity,
        object,
        message,
        mend,
      })),
  };
}
