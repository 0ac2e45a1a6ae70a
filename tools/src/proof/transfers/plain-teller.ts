import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { applyTransfer } from './books';
import { CHECK_VIOLATION, type Ending, readReason, type Teller } from './teller';
import type { Transfer } from './transfer';

/** As often as a restart of the server may take. */
const MAX_ATTEMPTS = 60;
const PAUSE_MS = 50;

/**
 * Opens a client as they are often written: TypeORM alone, and a transaction that failed is run again unless the data was
 * to blame.
 */
export async function openPlainTeller(url: string): Promise<Teller> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    // An idle connection that breaks would be an unhandled error otherwise.
    poolErrorHandler: () => undefined,
    extra: { max: 2 },
  });
  await dataSource.initialize();
  const hookRuns = new Map<number, number>();
  const course = { attempts: 0, resolvedByWitness: 0, resolvedByToken: 0, hookRuns };

  return {
    course,
    async transfer(transfer: Transfer): Promise<Ending> {
      for (let attempt = 1; ; attempt++) {
        course.attempts += 1;
        try {
          await dataSource.transaction((manager) => applyTransfer(manager, transfer));
          hookRuns.set(transfer.id, 1);
          return { kind: 'committed' };
        } catch (error) {
          const reason = readReason(error);
          if (reason === CHECK_VIOLATION || attempt === MAX_ATTEMPTS) return { kind: 'failed', reason };
          await sleep(PAUSE_MS);
        }
      }
    },
    [Symbol.asyncDispose]: () => dataSource.destroy(),
  };
}
