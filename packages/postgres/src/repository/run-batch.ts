import { type DataSource, QueryFailedError } from 'typeorm';
import { requirePool } from '../data-source/pool-registry';
import { INTERRUPTED_WITHIN_MS, runInterruptibly } from '../pool/interrupt';
import { type Lease, readLease } from '../pool/lease';
import { AnswerMismatchError } from './answer-mismatch-error';
import type { LookUpBatch } from './look-up-batch';

/** Everybody who waits for one of these look-ups has an answer. Never rejects. */
export async function runBatch(dataSource: DataSource, batch: LookUpBatch): Promise<void> {
  try {
    batch.arm();
    const lease = await acquire(dataSource, batch);
    try {
      await runInterruptibly(lease, batch, () => answer(lease, batch));
    } finally {
      lease.release();
    }
  } catch (error) {
    batch.failAll(error);
  } finally {
    batch.dismiss();
  }
}

async function acquire(dataSource: DataSource, batch: LookUpBatch): Promise<Lease> {
  const { longestMs } = batch;
  const bounds = Number.isFinite(longestMs)
    ? { remainingMs: longestMs, heldForMs: longestMs + INTERRUPTED_WITHIN_MS }
    : {};
  const client = await requirePool(dataSource).acquire({ ...bounds, above: runBatch });
  return readLease(client) as Lease;
}

async function answer(lease: Lease, batch: LookUpBatch): Promise<void> {
  const { text, reader } = batch;
  while (batch.size > 1) {
    const asked = batch.waiting;
    const outcomes = await readTogether(lease, batch);
    // None has an answer: each is asked by itself.
    if (outcomes === undefined || outcomes.every((outcome) => outcome === undefined)) break;
    for (const [at, lookUp] of asked.entries()) {
      const outcome = outcomes[at];
      if (outcome === undefined) continue;
      if ('rows' in outcome) batch.succeed(lookUp, outcome.rows);
      else batch.fail(lookUp, explain(text, outcome.error));
    }
  }
  for (const lookUp of batch.waiting) {
    lease.settings = lookUp.settings;
    lease.requestId = lookUp.requestId;
    try {
      const { rows } = await lease.read(text, lookUp.values, reader);
      batch.succeed(lookUp, rows);
    } catch (error) {
      batch.fail(lookUp, explain(text, error));
    }
  }
}

async function readTogether(lease: Lease, { text, reader, waiting }: LookUpBatch) {
  try {
    return await lease.readTogether(text, waiting, reader);
  } catch (error) {
    throw explain(text, error);
  }
}

/** As TypeORM's driver tells it, without parameters. */
function explain(text: string, error: unknown): unknown {
  return error instanceof AnswerMismatchError ? error : new QueryFailedError(text, [], error as Error);
}
