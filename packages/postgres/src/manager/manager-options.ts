import {
  type Clock,
  InvalidOptionError,
  MAX_TIMER_MS,
  requireKnownOptions,
  requireLogger,
  requireNumber,
  type StructuredLogger,
  systemClock,
} from '@holdfast/resilience';
import type { Transaction } from '../transactions/transaction';
import type { RunOptions } from '../transactions/unit-of-work-options';
import type { TransactionRunner } from './transaction-runner';

/** What a connection manager is made of. All times in milliseconds. */
export interface ConnectionManagerOptions<Facts = Transaction, Options extends object = RunOptions> {
  /** What `withTransaction` runs on. */
  readonly transactions: TransactionRunner<Facts, Options>;
  /** What statistics and log lines call the environment. Default `default`. */
  readonly environment?: string | undefined;
  /** Default: the logger of the DataSource. */
  readonly logger?: StructuredLogger | undefined;
  /** Time from one health check to the next. 0: none, and nothing is logged of an outage. Default 30 000. */
  readonly healthCheckIntervalMs?: number | undefined;
  /** A health check that takes longer has failed. Default 5000. */
  readonly healthCheckTimeoutMs?: number | undefined;
  /** Share of `max` in use from which the pool is near capacity. Above 0, up to 1. Default 0.9. */
  readonly nearCapacityRatio?: number | undefined;
  /**
   * An alert ends when its condition has been false for so long without a break; until then it is not logged again. So
   * long after an outage, a connection that is refused begins another only if the server fails a check. Default 30 000.
   */
  readonly calmMs?: number | undefined;
  /** Default: the process's own. */
  readonly clock?: Clock | undefined;
}

/** Settings of a connection manager that may be left out. */
export const CONNECTION_MANAGER_DEFAULTS = Object.freeze({
  environment: 'default',
  healthCheckIntervalMs: 30_000,
  healthCheckTimeoutMs: 5_000,
  nearCapacityRatio: 0.9,
  calmMs: 30_000,
});

const NAMES = [...Object.keys(CONNECTION_MANAGER_DEFAULTS), 'transactions', 'logger', 'clock'];
const TIME = { min: 1, max: MAX_TIMER_MS, integer: true } as const;

/** Options in which every number lies within its range. */
export interface ManagerSettings {
  readonly environment: string;
  readonly healthCheckIntervalMs: number;
  readonly healthCheckTimeoutMs: number;
  readonly nearCapacityRatio: number;
  readonly calmMs: number;
  readonly clock: Clock;
}

/** @throws InvalidOptionError naming the option, its value and what is allowed. */
export function requireManagerSettings<Facts, Options extends object>(
  options: ConnectionManagerOptions<Facts, Options>,
): ManagerSettings {
  requireKnownOptions('connection manager', options, NAMES);
  requireLogger(options.logger);
  const {
    environment = CONNECTION_MANAGER_DEFAULTS.environment,
    healthCheckIntervalMs = CONNECTION_MANAGER_DEFAULTS.healthCheckIntervalMs,
    healthCheckTimeoutMs = CONNECTION_MANAGER_DEFAULTS.healthCheckTimeoutMs,
    nearCapacityRatio = CONNECTION_MANAGER_DEFAULTS.nearCapacityRatio,
    calmMs = CONNECTION_MANAGER_DEFAULTS.calmMs,
    clock = systemClock,
  } = options;
  if (typeof environment !== 'string' || environment === '') {
    throw new InvalidOptionError('environment', environment, 'a text that is not empty');
  }
  if (typeof clock?.nowMs !== 'function' || typeof clock.schedule !== 'function') {
    throw new InvalidOptionError('clock', clock, 'a Clock with nowMs and schedule');
  }
  if (typeof options.transactions?.run !== 'function') {
    throw new InvalidOptionError('transactions', options.transactions, 'an object with run');
  }
  return {
    environment,
    healthCheckIntervalMs: requireNumber('healthCheckIntervalMs', healthCheckIntervalMs, { ...TIME, min: 0 }),
    healthCheckTimeoutMs: requireNumber('healthCheckTimeoutMs', healthCheckTimeoutMs, TIME),
    nearCapacityRatio: requireNumber('nearCapacityRatio', nearCapacityRatio, { above: 0, max: 1 }),
    calmMs: requireNumber('calmMs', calmMs, TIME),
    clock,
  };
}
