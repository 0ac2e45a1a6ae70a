import type { DataSource } from 'typeorm';
import { runInterruptibly } from '../pool/interrupt';
import type { Lease } from '../pool/lease';
import { describeReadFailure } from '../repository/read-failure';
import type { SharedOutcome } from '../statements/shared-part';
import { acquireLease } from './acquire-lease';
import type { SharedBatch } from './shared-batch';

/**
 * Everybody who waits for one of these look-ups has an answer. Never rejects.
 * @param close Called when the batch has a connection, or will have none: until then it may take more, if they have no deadlines. Default: it takes no more.
 */
export async function runLookUps(
  dataSource: DataSource,
  batch: SharedBatch,
  close: () => void = () => {},
): Promise<void> {
  try {
    batch.arm();
    const { longestMs } = batch;
    const lease = await acquireLease(dataSource, longestMs, runLookUps);
    close();
    const work = () => answer(dataSource, lease, batch);
    try {
      // Where one of them waits without end, so does the work.
      await (Number.isFinite(longestMs) ? runInterruptibly(lease, batch, work) : work());
    } finally {
      lease.release();
    }
  } catch (error) {
    close();
    batch.failAll(error);
  } finally {
    batch.dismiss();
  }
}

async function answer(dataSource: DataSource, lease: Lease, batch: SharedBatch): Promise<void> {
  let isGoingOn = batch.size > 1;
  while (isGoingOn) isGoingOn = (await answerTogether(lease, batch)) && batch.size > 1;
  if (batch.size === 0) return;
  const [first, ...others] = batch.waiting;
  // Where this connection has not prepared it, others may have.
  for (const other of others) void runLookUps(dataSource, batch.split(other));
  if (first === undefined) return;
  lease.settings = first.settings;
  lease.requestId = first.requestId;
  try {
    const { rows, rowCount } = await lease.read(batch.text, first.values, batch.reader);
    batch.succeed(first, { rows, rowCount: rowCount ?? 0 });
  } catch (error) {
    batch.fail(first, describeReadFailure(batch.text, error));
  }
}

/** Whether one of them has an answer. */
async function answerTogether(lease: Lease, batch: SharedBatch): Promise<boolean> {
  const { text, reader, waiting } = batch;
  let outcomes: readonly SharedOutcome[];
  try {
    const answer = lease.sendTogether(text, waiting, reader);
    if (answer === undefined) return false;
    outcomes = (await answer).rows;
  } catch (error) {
    throw describeReadFailure(text, error);
  }
  let isAnswered = false;
  for (let at = 0; at < waiting.length; at += 1) {
    const [lookUp, outcome] = [waiting[at], outcomes[at]];
    if (lookUp === undefined || outcome === undefined) continue;
    isAnswered = true;
    if ('rows' in outcome) batch.succeed(lookUp, outcome);
    else batch.fail(lookUp, describeReadFailure(text, outcome.error));
  }
  return isAnswered;
}
