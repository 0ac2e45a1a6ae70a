import type { Registry } from 'prom-client';
import type { DatabaseEventSource } from '../database/database-events';
import { readErrorType, UNCLASSIFIED } from '../database/error-type';
import { readOperationName } from '../database/operation-name';
import { createDatabaseInstruments } from './database-instruments';
import { POOL } from './pool-gauges';

/** What a caller is told when its time for a connection is over: none became free, or none could be opened in time. */
const TIMEOUTS: ReadonlySet<string> = new Set(['POOL_EXHAUSTED', 'CONNECT_TIMEOUT', 'DATABASE_TIMEOUT']);

/** Label values that every pool starts with. Another one is counted from its first event on. */
const REASONS = [
  'idle',
  'lifetime',
  'in-transaction',
  'busy',
  'lost',
  'validation',
  'caller',
  'read-only',
  'closing',
];
const OUTCOMES = ['committed', 'rolled-back', 'unknown'];
const RESOLUTIONS = ['witness', 'token'];

/** What can be done with the metrics of a database. */
export interface DatabaseMetrics {
  /**
   * The series of the pool exist, at 0 where nothing has happened. Prometheus does not see a counter that appears at 1 as
   * an increase: an alert would miss the first unknown outcome.
   */
  introduce(pool: string): void;
}

/** Registers the metrics that follow from the events of a database client, and counts for as long as the client lives. */
export function registerDatabaseMetrics(registry: Registry, source: DatabaseEventSource): DatabaseMetrics {
  const measured = createDatabaseInstruments(registry);
  const introduced = new Set<string>();

  function introduce(pool: string): void {
    if (introduced.has(pool)) return;
    introduced.add(pool);
    const labels = { [POOL]: pool };
    for (const histogram of [measured.createTime, measured.waitTime, measured.useTime])
      histogram.zero(labels);
    for (const counter of [measured.timeouts, measured.leaks, measured.attempts]) counter.inc(labels, 0);
    for (const counter of [measured.failures, measured.acquireFailures]) {
      counter.inc({ ...labels, error_type: UNCLASSIFIED }, 0);
    }
    for (const reason of REASONS) measured.removals.inc({ ...labels, reason }, 0);
    for (const outcome of OUTCOMES) measured.transactions.zero({ ...labels, outcome });
    for (const by of RESOLUTIONS) measured.resolutions.inc({ ...labels, resolved_by: by }, 0);
  }

  const known = new Map<string, Readonly<Record<string, string>>>();
  /** `zero` erases what was observed, so a pool is introduced before its first event is counted. */
  const labelsOf = (pool: string): Readonly<Record<string, string>> => {
    const labels = known.get(pool);
    if (labels !== undefined) return labels;
    introduce(pool);
    const made = Object.freeze({ [POOL]: pool });
    known.set(pool, made);
    return made;
  };

  source.on('connect', ({ pool, createMs }) => measured.createTime.observe(labelsOf(pool), createMs / 1_000));
  source.on('connectFailed', ({ pool, error }) =>
    measured.failures.inc({ ...labelsOf(pool), error_type: readErrorType(error) }),
  );
  source.on('acquire', ({ pool, waitMs }) => measured.waitTime.observe(labelsOf(pool), waitMs / 1_000));
  source.on('acquireFailed', ({ pool, error }) => {
    const labels = labelsOf(pool);
    const errorType = readErrorType(error);
    measured.acquireFailures.inc({ ...labels, error_type: errorType });
    if (TIMEOUTS.has(errorType)) measured.timeouts.inc(labels);
  });
  source.on('release', ({ pool, useMs }) => measured.useTime.observe(labelsOf(pool), useMs / 1_000));
  source.on('remove', ({ pool, reason }) => measured.removals.inc({ ...labelsOf(pool), reason }));
  source.on('leak', ({ pool }) => measured.leaks.inc(labelsOf(pool)));
  source.on('operation', ({ pool, operation, durationMs, error }) =>
    measured.operations.observe(
      {
        ...labelsOf(pool),
        db_system_name: 'postgresql',
        db_operation_name: readOperationName(operation),
        error_type: error === undefined ? '' : readErrorType(error),
      },
      durationMs / 1_000,
    ),
  );
  source.on('transaction', ({ pool, outcome, attempts, durationMs, resolvedBy }) => {
    const labels = labelsOf(pool);
    measured.transactions.observe({ ...labels, outcome }, durationMs / 1_000);
    measured.attempts.inc(labels, attempts);
    if (resolvedBy !== undefined) measured.resolutions.inc({ ...labels, resolved_by: resolvedBy });
  });

  return { introduce };
}
