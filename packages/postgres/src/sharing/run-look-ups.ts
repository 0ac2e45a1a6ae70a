import type { DataSource } from 'typeorm';
import { runInterruptibly } from '../pool/interrupt';
import type { Lease } from '../pool/lease';
import { describeReadFailure } from '../repository/read-failure';
import { acquireLease } from './acquire-lease';
import type { SharedBatch } from './shared-batch';

/** Everybody who waits for one of these look-ups has an answer. Never rejects. */
export async function runLookUps(dataSource: DataSource, batch: SharedBatch): Promise<void> {
  try {
    batch.arm();
    const lease = await acquireLease(dataSource, batch.longestMs, runLookUps);
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

async function answer(lease: Lease, batch: SharedBatch): Promise<void> {
  const { text, reader } = batch;
  while (batch.size > 1) {
    const asked = batch.waiting;
    const outcomes = await readTogether(lease, batch);
    // None has an answer: each is asked by itself.
    if (outcomes === undefined || outcomes.every((outcome) => outcome === undefined)) break;
    for (const [at, lookUp] of asked.entries()) {
      const outcome = outcomes[at];
      if (outcome === undefined) continue;
      if ('rows' in outcome) batch.succeed(lookUp, outcome);
      else batch.fail(lookUp, describeReadFailure(text, outcome.error));
    }
  }
  for (const lookUp of batch.waiting) {
    lease.settings = lookUp.settings;
    lease.requestId = lookUp.requestId;
    try {
      const { rows, rowCount } = await lease.read(text, lookUp.values, reader);
      batch.succeed(lookUp, { rows, rowCount: rowCount ?? 0 });
    } catch (error) {
      batch.fail(lookUp, describeReadFailure(text, error));
    }
  }
}

async function readTogether(lease: Lease, { text, reader, waiting }: SharedBatch) {
  try {
    return (await lease.sendTogether(text, waiting, reader))?.rows;
  } catch (error) {
    throw describeReadFailure(text, error);
  }
}
