import { readErrorCode, type StructuredLogger } from '@holdfast/resilience';
import { DatabaseConnectionError } from '../connection/connection-failure';
import type { ConnectionTarget } from '../connection/connection-target';
import { ProbeTimeoutError } from '../data-source/probe';
import type { HealthChange } from './health-watch';
import { logLine } from './log-line';
import type { PoolAlert, PoolAlertKind } from './manager-events';

const ALERT_NAMES: Readonly<Record<PoolAlertKind, string>> = Object.freeze({
  'near-capacity': 'near capacity',
  'under-pressure': 'under pressure',
});

const FAILURES: Readonly<Record<'check' | 'connect', string>> = Object.freeze({
  check: 'Database health check failed',
  connect: 'A database connection could not be opened',
});

/** Writes what a manager finds out. Errors appear as codes: their messages may be about somebody. */
export class ManagerLog {
  readonly #environment: string;
  readonly #server: string;
  readonly #logger: StructuredLogger | undefined;

  /** @param target Where connections go, as far as the settings say. */
  constructor(environment: string, target: ConnectionTarget, logger: StructuredLogger | undefined) {
    this.#environment = environment;
    this.#server = `${target.host}:${target.port}/${target.database}`;
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
    const [environment, server] = [this.#environment, this.#server];
    switch (change.kind) {
      case 'failed': {
        const fields = { environment, server, ...describeError(change.error) };
        logLine(this.#logger, 'error', FAILURES[change.tried], fields);
        return;
      }
      case 'recovered': {
        const { failedChecks } = change;
        const [latencyMs, durationMs] = [Math.round(change.latencyMs), Math.round(change.durationMs)];
        const fields = { environment, server, failedChecks, durationMs, latencyMs };
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
  if (error instanceof DatabaseConnectionError) return { code, ...describeCause(error) };
  if (!(error instanceof ProbeTimeoutError)) return { code };
  // Whether the server is silent or the pool is full is the first thing that whoever is on call wants to know.
  return { code, stage: error.stage, ...describeCause(error) };
}

function describeCause({ cause }: Error): Record<string, unknown> {
  const causeCode = readErrorCode(cause);
  return causeCode === undefined ? {} : { causeCode };
}
