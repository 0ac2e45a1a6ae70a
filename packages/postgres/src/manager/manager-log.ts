import { readErrorCode, type StructuredLogger } from '@holdfast/resilience';
import { ProbeTimeoutError } from '../data-source/probe';
import type { HealthChange } from './health-watch';
import { logLine } from './log-line';
import type { PoolAlert, PoolAlertKind } from './manager-events';

const ALERT_NAMES: Readonly<Record<PoolAlertKind, string>> = Object.freeze({
  'near-capacity': 'near capacity',
  'under-pressure': 'under pressure',
});

/** Writes what a manager finds out. Errors appear as codes: their messages may be about somebody. */
export class ManagerLog {
  readonly #environment: string;
  readonly #logger: StructuredLogger | undefined;

  constructor(environment: string, logger: StructuredLogger | undefined) {
    this.#environment = environment;
    this.#logger = logger;
  }

  alert({ kind, stats, ended }: PoolAlert): void {
    const name = ALERT_NAMES[kind];
    if (ended === undefined) {
      logLine(this.#logger, 'warn', `Connection pool ${name}`, { ...stats });
      return;
    }
    const durationMs = Math.round(ended.durationMs);
    const fields = { ...stats, durationMs, peak: ended.peak };
    logLine(this.#logger, 'info', `Connection pool no longer ${name}`, fields);
  }

  health(change: HealthChange): void {
    const environment = this.#environment;
    switch (change.kind) {
      case 'failed': {
        const fields = { environment, ...describeError(change.error) };
        logLine(this.#logger, 'error', 'Database health check failed', fields);
        return;
      }
      case 'recovered': {
        const { failedChecks } = change;
        const [latencyMs, durationMs] = [Math.round(change.latencyMs), Math.round(change.durationMs)];
        const fields = { environment, failedChecks, durationMs, latencyMs };
        logLine(this.#logger, 'info', 'Database health check recovered', fields);
        return;
      }
      default:
        change satisfies never;
    }
  }

  idleFailed(pool: string, error: unknown): void {
    const fields = { environment: this.#environment, pool, ...describeError(error) };
    logLine(this.#logger, 'warn', 'An idle database connection failed', fields);
  }
}

function describeError(error: unknown): Record<string, unknown> {
  const code = readErrorCode(error) ?? 'unknown';
  if (!(error instanceof ProbeTimeoutError)) return { code };
  // Whether the server is silent or the pool is full is the first thing that whoever is on call wants to know.
  return { code, stage: error.stage, causeCode: readErrorCode(error.cause) };
}
