import type { DataSource } from 'typeorm';
import { requirePool } from '../data-source/pool-registry';
import { runInterruptibly } from '../pool/interrupt';
import type { Lease } from '../pool/lease';
import { describeReadFailure } from '../repository/read-failure';
import { NO_SETTINGS } from '../statements/local-settings';
import type { SharedOutcome } from '../statements/shared-part';
import { acquireLease } from './acquire-lease';
import type { SharedBatch, SharedCall } from './shared-batch';

/**
 * Everybody who waits for one of these look-ups has an answer. Never rejects.
 * @param close Called when the batch has a connection, or will have none: until then it may take more, if they have no deadlines. Default: it takes no more.
 * @param sinceMs Since when it waits, on the clock of `performance`. Default: now.
 */
export async function runLookUps(
  dataSource: DataSource,
  batch: SharedBatch,
  close: () => void = () => {},
  sinceMs?: number,
): Promise<void> {
  let lease: Lease | undefined;
  let late: ReturnType<SharedBatch['splitLate']>;
  try {
    batch.arm();
    const { longestMs } = batch;
    lease = await acquireLease(dataSource, longestMs, runLookUps, sinceMs);
    close();
    try {
      await answerWithin(dataSource, lease, batch);
    } finally {
      lease.release();
    }
  } catch (error) {
    close();
    // Who came later may wait for longer.
    if (lease === undefined) late = batch.splitLate();
    batch.failAll(error);
  } finally {
    batch.dismiss();
  }
  if (late !== undefined) await runLookUps(dataSource, late.batch, undefined, late.sinceMs);
}

/** Who waits without end may go on elsewhere: what is left here then ends with its deadlines. */
function answerWithin(dataSource: DataSource, lease: Lease, batch: SharedBatch): Promise<void> {
  const work = () => answer(dataSource, lease, batch);
  return batch.hasDeadlines ? runInterruptibly(lease, batch, work) : work();
}

async function answer(dataSource: DataSource, lease: Lease, batch: SharedBatch): Promise<void> {
  while (batch.size > 0) {
    if (batch.size > 1 && (await answerTogether(lease, batch))) continue;
    const [first, ...others] = batch.waiting;
    if (first === undefined) return;
    // Where this connection has not prepared it, others may have. Who has this one does not queue for them.
    const { free, waiting } = requirePool(dataSource).stats;
    const idle = Math.max(0, free - waiting);
    for (const other of others.slice(0, idle)) void runLookUps(dataSource, batch.split(other));
    await answerAlone(lease, batch, first);
  }
}

async function answerAlone(lease: Lease, batch: SharedBatch, lookUp: SharedCall): Promise<void> {
  lease.settings = lookUp.settings;
  lease.requestId = lookUp.requestId;
  try {
    const { rows, rowCount } = await lease.read(batch.text, lookUp.values, batch.reader);
    batch.succeed(lookUp, { rows, rowCount: rowCount ?? 0 });
  } catch (error) {
    batch.fail(lookUp, describeReadFailure(batch.text, error));
  } finally {
    lease.settings = NO_SETTINGS;
    lease.requestId = undefined;
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
