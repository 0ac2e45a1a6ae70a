import type { BreakerColumn, EvictColumn, FailureKind, FailureRow } from './failure-row';
import { UNRECOGNIZED } from './failure-table';
import { type Failure, findFailures } from './find-failure';
import { PHASES, type Phase } from './phase';

/**
 * What may be done about a failure.
 *
 * - `retry`: the same operation may run again; it was not applied.
 * - `retry-transaction`: the whole transaction may run again on a new connection; it was not applied.
 * - `retry-if-idempotent`: it may have been applied; only for an operation that is idempotent or verified.
 * - `opt-in`: not applied, but only the caller can say whether another try is wanted.
 * - `unknown`: COMMIT was sent and its outcome is not known. Never retried blindly.
 * - `never`: running it again cannot help.
 */
export type Verdict = 'retry' | 'retry-transaction' | 'retry-if-idempotent' | 'opt-in' | 'unknown' | 'never';

/** The meaning of an error in a phase. */
export interface Classification {
  /** SQLSTATE or errno code; undefined when only a text or nothing was recognized. */
  readonly code: string | undefined;
  readonly kind: FailureKind;
  readonly verdict: Verdict;
  /** Whether the work may have taken effect. */
  readonly applied: 'no' | 'unknown';
  /** The failure belongs to those that pass with time or on another connection. */
  readonly transient: boolean;
  readonly breaker: BreakerColumn;
  readonly evict: EvictColumn;
  /** A second retry for the same reason would not help. */
  readonly once: boolean;
  /** Wait near the maximum delay. */
  readonly slow: boolean;
}

/**
 * Says what an error means in a phase; without a phase, what holds in every phase it could have happened in.
 * Looks through `cause`, `driverError` and `errors[]`, and of several failures takes the most cautious reading.
 * Pure: reads `code`, `severity`, `routine`, `syscall`, and the exact text of errors that have no code.
 */
export function classify(error: unknown, phase?: Phase): Classification {
  const failures = findFailures(error);
  const readings = (failures.length > 0 ? failures : [undefined]).map((failure) => read(failure, phase));
  return readings.reduce(merge);
}

/** What one failure forbids, another does not allow; and what one did to a connection is done. */
function merge(a: Classification, b: Classification): Classification {
  return {
    ...worse(a, b, 'verdict', CAUTION),
    applied: worse(a, b, 'applied', ['no', 'unknown']).applied,
    breaker: worse(a, b, 'breaker', ['ignored', 'alarm', 'slow', 'writer', 'counts']).breaker,
    evict: worse(a, b, 'evict', ['keep', 'connection', 'pool']).evict,
    once: a.once || b.once,
    slow: a.slow || b.slow,
  };
}

function worse<K extends keyof Classification>(
  a: Classification,
  b: Classification,
  column: K,
  order: readonly Classification[K][],
): Classification {
  return order.indexOf(b[column]) > order.indexOf(a[column]) ? b : a;
}

/** From the freest verdict to the most cautious. */
const CAUTION: readonly Verdict[] = [
  'retry',
  'retry-transaction',
  'retry-if-idempotent',
  'opt-in',
  'never',
  'unknown',
];

function read(failure: Failure | undefined, phase: Phase | undefined): Classification {
  const row = failure?.row ?? UNRECOGNIZED;
  const fatal = failure?.fatal ?? false;
  const effectivePhase = failure?.neverEstablished && !isInTransaction(phase) ? 'acquire' : phase;
  const verdict =
    effectivePhase === undefined
      ? judgeEveryPhase(row, fatal)
      : (judge(row, effectivePhase, fatal) ?? judgeImpossible(row, effectivePhase, fatal));
  return {
    code: failure?.code,
    kind: row.kind,
    verdict,
    applied: readApplied(row, verdict, effectivePhase, fatal),
    transient: isTransientRow(row),
    breaker: row.breaker,
    evict: fatal && row.evict === 'keep' ? 'connection' : row.evict,
    once: row.once,
    slow: row.slow,
  };
}

/** The verdict of the table for one phase, or undefined where it has none because the code cannot occur there. */
function judge(row: FailureRow, phase: Phase, fatal: boolean): Verdict | undefined {
  switch (phase) {
    case 'acquire':
      return judgeAcquire(row);
    case 'autocommit-read':
    case 'autocommit-write':
      return judgeAutocommit(row, phase === 'autocommit-write', fatal);
    case 'in-transaction':
      return row.inTransaction === '–' ? undefined : IN_TRANSACTION[row.inTransaction];
    case 'commit':
      return judgeCommit(row, fatal);
    default:
      return phase satisfies never;
  }
}

/** Nothing was sent yet, so whatever may pass may be tried again. */
function judgeAcquire(row: FailureRow): Verdict {
  return isTransientRow(row) ? 'retry' : 'never';
}

function judgeAutocommit(row: FailureRow, isWrite: boolean, fatal: boolean): Verdict | undefined {
  switch (row.autocommit) {
    case 'safe':
      return 'retry';
    case 'retry':
      // The session ended with the statement: whether a write had finished is not known.
      return isWrite && fatal ? 'retry-if-idempotent' : 'retry';
    case 'read':
      return isWrite ? 'retry-if-idempotent' : 'retry';
    case 'idempotent':
      return 'retry-if-idempotent';
    case 'opt-in':
    case 'never':
      return row.autocommit;
    case '–':
      return undefined;
    default:
      return row.autocommit satisfies never;
  }
}

const IN_TRANSACTION = { tx: 'retry-transaction', 'opt-in': 'opt-in', never: 'never' } as const;

function judgeCommit(row: FailureRow, fatal: boolean): Verdict | undefined {
  if (row.atCommit === '–') return undefined;
  if (fatal) return 'unknown';
  return AT_COMMIT[row.atCommit];
}

const AT_COMMIT = { tx: 'retry-transaction', aborted: 'never', unknown: 'unknown', never: 'never' } as const;

/** A code where it should not occur (a pooler can do that): believe the phase, and lean to the cautious side. */
function judgeImpossible(row: FailureRow, phase: Phase, fatal: boolean): Verdict {
  if (phase === 'commit') return fatal || row.kind === 'unavailable' ? 'unknown' : 'never';
  if (phase === 'in-transaction' && row.autocommit === 'safe') return 'retry-transaction';
  return 'never';
}

/** Safe without knowing the phase is only what is safe in every phase in which the code can occur. */
function judgeEveryPhase(row: FailureRow, fatal: boolean): Verdict {
  const verdicts = PHASES.flatMap((phase) => {
    // An abort at COMMIT is known not to be applied: it restricts nothing.
    if (phase === 'acquire' || (phase === 'commit' && row.atCommit === 'aborted' && !fatal)) return [];
    return judge(row, phase, fatal) ?? [];
  });
  if (verdicts.includes('never')) return 'never';
  if (verdicts.includes('unknown')) return 'retry-if-idempotent';
  return verdicts.toSorted((a, b) => CAUTION.indexOf(b) - CAUTION.indexOf(a))[0] ?? 'never';
}

function readApplied(
  row: FailureRow,
  verdict: Verdict,
  phase: Phase | undefined,
  fatal: boolean,
): Classification['applied'] {
  if (verdict === 'unknown') return 'unknown';
  if (verdict === 'retry-if-idempotent') return phase === 'autocommit-read' ? 'no' : 'unknown';
  // A row that a running transaction cannot meet belongs to the start of a connection.
  const mayHaveWritten = (phase === undefined && row.inTransaction !== '–') || phase === 'autocommit-write';
  if (mayHaveWritten && verdict === 'never' && (fatal || row.atCommit === 'unknown')) return 'unknown';
  return 'no';
}

/** Inside a transaction the phase weighs more than the code: a refused connection may be that of a later check. */
function isInTransaction(phase: Phase | undefined): boolean {
  return phase === 'in-transaction' || phase === 'commit';
}

function isTransientRow(row: FailureRow): boolean {
  const autocommitPasses = !['opt-in', 'never', '–'].includes(row.autocommit);
  return autocommitPasses || row.inTransaction === 'tx';
}
