import { requireNumber } from '@holdfast/resilience';
import type { DataSource, QueryRunner } from 'typeorm';
import type { CheckId } from '../doctor/check-id';
import type { DoctorReport } from '../doctor/doctor-report';
import { examine } from '../doctor/examine';
import { readForeignKeys, servesForeignKey } from '../doctor/foreign-keys';
import { LOCK_TIMEOUT_MS } from '../doctor/limits';
import { readIndexShapes } from '../doctor/read-index-shapes';
import { runReadOnly } from '../doctor/run-read-only';
import { DECISIVE, judgeIndex, type Remark, type Verdict } from './judge-index';
import { LedgerError } from './ledger-error';
import { type IndexFacts, readIndexFacts } from './read-index-facts';

export interface ExplainIndexOptions {
  /** Milliseconds that one statement may take, 1 to 3,600,000. Default 30,000. */
  readonly timeoutMs?: number;
  /** Cancels the statement that runs. */
  readonly signal?: AbortSignal;
}

/** One row of the ledger: what an index is, what it costs, what it is used for, and what is to become of it. Plain data. */
export interface IndexExplanation extends IndexFacts {
  /** For each row in it; null where nobody has counted. */
  readonly bytesPerEntry: number | null;
  /** For each row of its table; null where nobody has counted. */
  readonly bytesPerRow: number | null;
  readonly foreignKeys: readonly string[];
  /** What the doctor says of it. */
  readonly remarks: readonly Remark[];
  /** What could not be seen. */
  readonly doubts: readonly string[];
  readonly verdict: Verdict;
}

const DEFAULTS = Object.freeze({ timeoutMs: 30_000 });

const ASKED: readonly CheckId[] = [
  ...DECISIVE,
  'not-ready-index',
  'skip-scan-subsumed',
  'desc-nulls-first',
  'low-cardinality-lead',
  'null-heavy',
  'index-larger-than-heap',
  'btree-on-array',
];

/**
 * Explains one index of a database from its catalog and statistics, in read-only transactions: nothing is built, dropped or
 * locked. What it costs to write and what dropping it would cost a query can be had by trying alone, on a copy.
 *
 * @param name of the index, with its schema where that is not on the search path: `schema.name`.
 * @throws LedgerError when there is no such index; InvalidOptionError for a time limit out of range; the signal's reason.
 */
export async function explainIndex(
  dataSource: DataSource,
  name: string,
  options: ExplainIndexOptions = {},
): Promise<IndexExplanation> {
  const { timeoutMs, signal } = { ...DEFAULTS, ...options };
  requireNumber('timeoutMs', timeoutMs, { min: 1, max: 3_600_000 });
  const limits = { timeoutMs, lockTimeoutMs: LOCK_TIMEOUT_MS.first, signal };
  const runner = dataSource.createQueryRunner();
  const { facts, foreignKeys } = await runReadOnly(runner, limits, () => read(runner, name)).finally(() =>
    runner.release(),
  );
  const report = await examine(dataSource, { only: ASKED, timeoutMs, ...(signal && { signal }) });
  const remarks = listRemarks(report, facts);
  const doubts = listDoubts(report, facts);
  return {
    ...facts,
    bytesPerEntry: divide(facts.bytes, facts.entries),
    bytesPerRow: divide(facts.bytes, facts.rows),
    foreignKeys,
    remarks,
    doubts,
    verdict: judgeIndex({ facts, remarks, doubts, foreignKeys }),
  };
}

async function read(
  runner: QueryRunner,
  name: string,
): Promise<{ readonly facts: IndexFacts; readonly foreignKeys: readonly string[] }> {
  const facts = await readIndexFacts(runner, name);
  if (facts === undefined) throw new LedgerError('HOLDFAST_INDEX_UNKNOWN', name);
  const shape = (await readIndexShapes(runner, [facts.schema])).find((one) => one.name === facts.name);
  const served: string[] = [];
  if (shape !== undefined) {
    for (const key of await readForeignKeys(runner, [facts.schema])) {
      if ((await servesForeignKey(runner, shape, key)) === true) served.push(key.name);
    }
  }
  return { facts, foreignKeys: served };
}

function listRemarks({ findings, accepted }: DoctorReport, { schema, name }: IndexFacts): Remark[] {
  return [...findings.map((one) => ({ ...one, reason: null })), ...accepted]
    .filter(({ subject }) => subject.schema === schema && subject.index === name)
    .map(({ check, message, figures, reason }) => ({ check, message, figures, accepted: reason }));
}

/**
 * What a check that was refused would have seen, and why an index that was not read may be in use even so: that holds for
 * all of them alike, while the check names some.
 */
function listDoubts(
  { unseen, checks, schemas }: DoctorReport,
  { schema, scans, unique }: IndexFacts,
): string[] {
  if (!schemas.includes(schema)) {
    return [`no entity's table is in schema ${schema}, so that the doctor has not looked at it.`];
  }
  const isRefused = (check: CheckId) => checks.some((run) => run.id === check && !run.completed);
  return unseen
    .filter(({ check }) => isRefused(check) || (check === 'unused-index' && scans === 0 && !unique))
    .map(({ message }) => message.replace(/^.*?: (?=not read )/, ''));
}

function divide(bytes: number, count: number | null): number | null {
  return count === null || count === 0 ? null : bytes / count;
}
