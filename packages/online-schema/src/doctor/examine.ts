import { requireNumber } from '@holdfast/resilience';
import type { DataSource, QueryRunner } from 'typeorm';
import { readEntityIndexes } from '../specification/read-entity-indexes';
import { boundSessions } from './bound-sessions';
import type { Check, CheckContext, CheckResult, Severity } from './check';
import { CHECK_IDS } from './check-id';
import { CHECKS } from './checks';
import { DoctorError } from './doctor-error';
import type { DoctorReport, Overview } from './doctor-report';
import { readDeclarations } from './entity-declarations';
import { explainRefusal, isLockTimeout } from './explain-refusal';
import { type Limits, LOCK_TIMEOUT_MS } from './limits';
import { readAcceptances } from './read-acceptances';
import { type IndexShape, readIndexShapes } from './read-index-shapes';
import { readOverview } from './read-overview';
import { readSurroundings } from './read-surroundings';
import { runReadOnly } from './run-read-only';
import { type Outcome, summarise } from './summarise';

export interface ExamineOptions {
  /** Ids of the checks to run. Default: all. */
  readonly only?: readonly string[];
  /** What is less severe is left out of the report. Default `notice`, which is everything. */
  readonly minSeverity?: Severity;
  /** Milliseconds that one statement of a check may take, 1 to 3,600,000. Default 30,000. */
  readonly timeoutMs?: number;
  /** The time against which ages are told. Default: that of the server. */
  readonly now?: Date;
  /** Ends the examination: the statement that runs is cancelled. */
  readonly signal?: AbortSignal;
}

const DEFAULTS = Object.freeze({ minSeverity: 'notice' satisfies Severity, timeoutMs: 30_000 });

/**
 * Every check has looked at the schemas of the entities and at the current one, each in a read-only transaction of its
 * own, and nothing was changed. A check that is refused or runs out of time is reported under `unseen`; the others go
 * on; so is one that has to wait a second for a lock. No more than one connection is used at a time, but for cancelling
 * a statement.
 *
 * @throws DoctorError for an unknown check, with those that there are.
 * @throws AcceptDeclarationError for an acceptance of a property the entity does not have.
 * @throws InvalidOptionError for a time limit out of range.
 * @throws the signal's reason once it is aborted, and what the driver throws when the connection is lost.
 */
export async function examine(dataSource: DataSource, options: ExamineOptions = {}): Promise<DoctorReport> {
  const { minSeverity, timeoutMs, only, now, signal } = { ...DEFAULTS, ...options };
  requireNumber('timeoutMs', timeoutMs, { min: 1, max: 3_600_000 });
  const chosen = chooseChecks(only);
  const surroundings = await withRunner(dataSource, (runner) => readSurroundings(runner, dataSource));
  const acceptances = readAcceptances(dataSource, surroundings.schemaOf);
  const around = {
    dataSource,
    serverVersion: surroundings.serverVersion,
    schemas: surroundings.schemas,
    entityTables: surroundings.entityTables,
    declaredIndexes: readEntityIndexes(dataSource),
    declarations: readDeclarations(dataSource, surroundings.schemaOf),
    shapesFor: shareShapes(surroundings.schemas),
    now: now ?? surroundings.serverTime,
    timeoutMs,
  };
  let limits: Limits = { timeoutMs, lockTimeoutMs: LOCK_TIMEOUT_MS.first, signal };
  const outcomes: Outcome[] = [];
  for (const check of chosen) {
    const { outcome, wasLockedOut } = await runCheck(check, around, limits);
    outcomes.push(outcome);
    if (wasLockedOut) limits = { ...limits, lockTimeoutMs: LOCK_TIMEOUT_MS.later };
  }
  const overview = await readOverviewIfAllowed(around, limits);
  return summarise({ surroundings, examinedAt: around.now, outcomes, acceptances, minSeverity, overview });
}

interface Around extends Omit<CheckContext, 'runner' | 'readShapes'> {
  /** Reads the indexes for a check with its own runner, unless another check has. */
  readonly shapesFor: (runner: QueryRunner) => Promise<readonly IndexShape[]>;
}

/** What a check has read, the others need not; one that was refused or ran out of time leaves it to the next. */
function shareShapes(schemas: readonly string[]): Around['shapesFor'] {
  let shapes: readonly IndexShape[] | undefined;
  return async (runner) => {
    shapes ??= await readIndexShapes(runner, schemas);
    return shapes;
  };
}

function contextFor({ shapesFor, ...around }: Around, runner: QueryRunner): CheckContext {
  return { ...around, runner, readShapes: () => shapesFor(runner) };
}

async function withRunner<T>(dataSource: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}

/** @throws DoctorError for an id that is none. */
function chooseChecks(only: readonly string[] | undefined): readonly Check[] {
  const unknown = only?.find((id) => !CHECK_IDS.some((known) => known === id));
  if (unknown !== undefined) {
    throw new DoctorError(
      'HOLDFAST_UNKNOWN_CHECK',
      `unknown check "${unknown}"; allowed are ${CHECK_IDS.join(', ')}`,
    );
  }
  return CHECKS.filter(({ id }) => only?.includes(id) ?? true);
}

async function runCheck(
  check: Check,
  around: Around,
  limits: Limits,
): Promise<{ readonly outcome: Outcome; readonly wasLockedOut: boolean }> {
  const started = performance.now();
  const end = (result: CheckResult, completed: boolean): Outcome => ({
    check,
    result,
    completed,
    elapsedMs: performance.now() - started,
  });
  try {
    const result = await withRunner(around.dataSource, (runner) => {
      const context = contextFor(around, runner);
      if (!check.ownSession) return runReadOnly(runner, limits, () => check.run(context));
      // A runner takes a connection with its first statement, so that one left alone is no connection either.
      return check.run({ ...context, dataSource: boundSessions(around.dataSource, limits) });
    });
    limits.signal?.throwIfAborted();
    return { outcome: end(result, true), wasLockedOut: false };
  } catch (error) {
    limits.signal?.throwIfAborted();
    const why = await explainRefusal(error, { ...limits, dataSource: around.dataSource });
    if (why === undefined) throw error;
    return { outcome: end({ findings: [], unseen: [why] }, false), wasLockedOut: isLockTimeout(error) };
  }
}

async function readOverviewIfAllowed(around: Around, limits: Limits): Promise<Overview | null> {
  try {
    return await withRunner(around.dataSource, (runner) =>
      runReadOnly(runner, limits, () => readOverview(contextFor(around, runner))),
    );
  } catch (error) {
    limits.signal?.throwIfAborted();
    if ((await explainRefusal(error, { ...limits, dataSource: around.dataSource })) === undefined)
      throw error;
    return null;
  }
}
