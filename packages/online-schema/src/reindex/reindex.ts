import { InvalidOptionError } from '@holdfast/resilience';
import type { DataSource, QueryRunner } from 'typeorm';
import { isAbortError, throwIfAborted } from '../migration/abortable-wait';
import { attachRun } from '../migration/run-context';
import { runStep, tellNotice } from '../migration/steps';
import { type RunOptions, readRunSettings } from '../run/run-options';
import { withRunSession } from '../run/run-session';
import { quoteQualified } from '../specification/identifier';
import {
  type BloatLimits,
  type FoundIndex,
  findBloated,
  findNamed,
  readBloatLimits,
  readSchemas,
} from './find-indexes';
import type { ReindexTarget } from './read-targets';
import { rebuildConcurrently } from './rebuild-concurrently';
import { dropAllRemains } from './rebuild-remains';
import { ReindexError, type ReindexedIndex, ReindexStoppedError } from './reindex-error';

/** Which indexes are built anew: those of these names, or those found bloated. */
export interface ReindexRequest extends RunOptions {
  /** As in SQL, or as they are written: `idx_users_email`, `public.IDX_78a9`. */
  readonly names?: readonly string[] | undefined;
  /** Those of the schemas of the entities, and of the current one, that waste this much. */
  readonly bloated?: Partial<BloatLimits> | undefined;
  /** Only says what would be done. Default false. */
  readonly dryRun?: boolean | undefined;
}

/** What has become of the indexes. */
export interface ReindexReport {
  /** In the order in which it was done; in a dry run, would be done. */
  readonly rebuilt: readonly ReindexedIndex[];
  /** Indexes that are as they were: the others were gone on with. */
  readonly failed: readonly ReindexError[];
}

/**
 * Afterwards each index is built anew, concurrently and under the migration lock, and nobody was locked out; what
 * failed or killed runs have left of them is gone. An index that cannot be rebuilt is in `failed`, and the others are
 * rebuilt all the same. A run that was killed is run again.
 *
 * @throws InvalidOptionError for an option out of range, and unless either `names` or `bloated` is given.
 * @throws ReindexError for a name that stands for no index, or for one that cannot be rebuilt concurrently, before
 * anything is done.
 * @throws ReindexStoppedError when the signal aborts: the index that was under way is as it was.
 */
export async function reindex(dataSource: DataSource, request: ReindexRequest): Promise<ReindexReport> {
  const { names, bloated, dryRun = false, ...options } = request;
  const settings = readRunSettings('reindex', options);
  if ((names === undefined) === (bloated === undefined) || names?.length === 0) {
    throw new InvalidOptionError('names', names, 'the names of indexes, unless bloated is given');
  }
  const limits = bloated && readBloatLimits(bloated);
  const find = (runner: QueryRunner) =>
    limits === undefined ? findNamed(runner, names ?? []) : findBloated(dataSource, runner, limits);
  if (dryRun) {
    const runner = dataSource.createQueryRunner();
    attachRun(runner, { report: settings.report });
    try {
      return { rebuilt: (await find(runner)).map(toPlanned), failed: [] };
    } finally {
      await runner.release();
    }
  }
  const rebuilt: ReindexedIndex[] = [];
  try {
    return await withRunSession(dataSource, 'holdfast reindex', settings, async (runner) => {
      if (limits !== undefined) await dropAllRemains(runner, await readSchemas(dataSource, runner));
      return rebuildAll(runner, await find(runner), rebuilt);
    });
  } catch (error) {
    throw isAbortError(error) ? new ReindexStoppedError(rebuilt, error) : error;
  }
}

async function rebuildAll(
  runner: QueryRunner,
  targets: readonly FoundIndex[],
  rebuilt: ReindexedIndex[],
): Promise<ReindexReport> {
  const failed: ReindexError[] = [];
  for (const target of targets) {
    throwIfAborted(runner);
    const startedAt = performance.now();
    try {
      await runStep(runner, 'rebuild index', target.name, () =>
        rebuildConcurrently(runner, target.table, target),
      );
      const bytesAfter = await readBytes(runner, target);
      rebuilt.push({ ...toPlanned(target), bytesAfter, elapsedMs: performance.now() - startedAt });
    } catch (error) {
      if (!(error instanceof ReindexError)) throw error;
      failed.push(error);
      tellNotice(runner, target.name, error.message);
    }
  }
  return { rebuilt, failed };
}

function toPlanned({ schema, table, name, bytes, bloat }: FoundIndex): ReindexedIndex {
  return { schema, table: table.name, name, bytesBefore: bytes, bytesAfter: null, elapsedMs: null, bloat };
}

async function readBytes(runner: QueryRunner, { schema, name }: ReindexTarget): Promise<number> {
  const rows: { bytes: number }[] = await runner.query(
    'select pg_relation_size(to_regclass($1))::float8 as bytes',
    [quoteQualified(schema, name)],
  );
  return rows[0]?.bytes ?? 0;
}
