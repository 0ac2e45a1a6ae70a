import { DeadlineExceededError } from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import type { DataSource } from 'typeorm';
import { explainFailure } from '../connection/connection-lost-error';
import { WorkLimit } from '../manager/work-limit';
import { runInterruptibly } from '../pool/interrupt';
import type { Lease } from '../pool/lease';
import { describeReadFailure } from '../repository/read-failure';
import type { SharedPart } from '../statements/shared-part';
import { isWordOfServer } from '../statements/word-of-server';
import { acquireLease } from './acquire-lease';
import { giveBack } from './give-back';
import { groupBlock } from './group-block';
import { RAW_ROWS } from './raw-rows';
import type { SharedAnswer, SharedBatch, SharedCall } from './shared-batch';

/** Statements of one text. */
interface Group {
  readonly text: string;
  readonly calls: readonly SharedCall[];
}

/** Of all of them together. Unsent: the connection has not prepared the statement. Undone: none is applied. */
type Fate = 'settled' | 'unsent' | 'undone';

/** Everybody who waits for one of these statements knows what became of it. Never rejects. */
export async function runGroup(
  dataSource: DataSource,
  batch: SharedBatch,
  lockTimeoutMs: number,
): Promise<void> {
  const lease = await acquireForAll(dataSource, batch);
  if (lease === undefined) return;
  const { text, waiting: calls } = batch;
  const fate = calls.length > 1 ? await commitTogether(lease, { text, calls }, lockTimeoutMs) : 'unsent';
  const [first, ...others] = fate === 'settled' ? [] : calls;
  if (fate === 'unsent' && first !== undefined) {
    await Promise.all([runOn(lease, text, first), ...others.map((call) => runAlone(dataSource, text, call))]);
    return;
  }
  void giveBack(lease);
  if (fate === 'undone') await Promise.all(calls.map((call) => runAlone(dataSource, text, call)));
}

/** Resolves with a connection; undefined where there is none, which all have been told. Who has waited too long is told as well. */
async function acquireForAll(dataSource: DataSource, batch: SharedBatch): Promise<Lease | undefined> {
  batch.arm();
  try {
    return await acquireLease(dataSource, batch.longestMs, runGroup);
  } catch (error) {
    batch.failAll(error);
    return undefined;
  } finally {
    batch.dismiss();
  }
}

/** Sends them as one transaction, which ends with the first of their deadlines. */
async function commitTogether(lease: Lease, { text, calls }: Group, lockTimeoutMs: number): Promise<Fate> {
  const block = groupBlock(lease.client.identity?.versionNumber ?? 0, lockTimeoutMs);
  const limit = createLimit(Math.min(...calls.map(({ endsAtMs }) => endsAtMs)));
  try {
    const result = await runInterruptibly(lease, limit, () =>
      lease.sendTogether(text, calls, RAW_ROWS, block),
    );
    if (result === undefined) return 'unsent';
    const { rows, failure } = result;
    if (failure !== undefined) {
      // Of whoever has not said that nothing was applied, nobody knows whether all was.
      if (isWordOfServer(failure)) return 'undone';
      throw explainFailure(lease.client, failure);
    }
    for (const [at, call] of calls.entries()) call.resolve(rows[at] as SharedAnswer);
  } catch (error) {
    // Nothing of them was sent.
    if (error === limit.reason) return 'undone';
    for (const call of calls) call.reject(describeReadFailure(text, error));
  } finally {
    limit.dismiss();
  }
  return 'settled';
}

async function runAlone(dataSource: DataSource, text: string, call: SharedCall): Promise<void> {
  const leftMs = call.endsAtMs - performance.now();
  if (leftMs <= 0) {
    call.reject(tagPhase(new DeadlineExceededError(), 'acquire'));
    return;
  }
  try {
    await runOn(await acquireLease(dataSource, leftMs, runAlone), text, call);
  } catch (error) {
    call.reject(error);
  }
}

/** Gives the connection back. */
async function runOn(lease: Lease, text: string, call: SharedCall): Promise<void> {
  const limit = createLimit(call.endsAtMs);
  lease.settings = call.settings;
  lease.requestId = call.requestId;
  try {
    call.resolve(await runInterruptibly(lease, limit, () => sendAlone(lease, text, call.values)));
  } catch (error) {
    call.reject(error);
  } finally {
    limit.dismiss();
    lease.release();
  }
}

async function sendAlone(lease: Lease, text: string, values: SharedPart['values']): Promise<SharedAnswer> {
  try {
    const { rows, rowCount } = await lease.read(text, values, RAW_ROWS);
    return { rows, rowCount: rowCount ?? 0 };
  } catch (error) {
    throw describeReadFailure(text, error);
  }
}

/** @param endsAtMs On the clock of `performance`; Infinity: never. */
function createLimit(endsAtMs: number): WorkLimit {
  return new WorkLimit(undefined, Number.isFinite(endsAtMs) ? endsAtMs - performance.now() : undefined);
}
