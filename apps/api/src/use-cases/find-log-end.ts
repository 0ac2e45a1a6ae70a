import { setTimeout } from 'node:timers/promises';
import { type LogEnd, readLogEnd } from '@holdfast/db';
import { createDeadline, DeadlineExceededError } from '@holdfast/resilience';
import type { Database } from '../database';

/** Longest that transactions are waited for that ran already, in ms. */
const PATIENCE_MS = 1_000;
const READ_DEADLINE_MS = 5_000;
/** Between two looks, in ms. */
const PAUSE_MS = 20;

/**
 * The cursor of a reader that wants what is committed from now on. Transactions that ran already are waited for, for a moment: what those
 * have written that run on stands behind it, and so may what was committed meanwhile.
 *
 * @throws DeadlineExceededError where nothing of the log is settled, and will not be soon.
 */
export async function findLogEnd(database: Database, signal: AbortSignal): Promise<string> {
  const patience = createDeadline(PATIENCE_MS);
  const { last, ...first } = await readEnd(database);
  let end: Omit<LogEnd, 'last'> = first;
  while (BigInt(end.position) < BigInt(last) && patience.remainingMs() > 0 && !signal.aborted) {
    await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    end = await readEnd(database);
  }
  if (end.cursor === undefined) throw new DeadlineExceededError();
  return end.cursor;
}

function readEnd(database: Database): Promise<LogEnd> {
  return database.within(createDeadline(READ_DEADLINE_MS)).read('find log end', readLogEnd);
}
