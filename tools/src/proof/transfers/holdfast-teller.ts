import {
  AmbiguousOutcomeError,
  closeDataSource,
  createPostgresDataSource,
  createUnitOfWork,
  type OutcomeLedger,
  openDataSource,
  readEvents,
  type TransactionEvent,
} from '@holdfast/postgres';
import { applyTransfer, applyWithCommit, isEntered } from './books';
import type { Setting } from './setting';
import { type Ending, readReason, type Teller } from './teller';
import type { Transfer } from './transfer';

/** By what the outcome of a lost COMMIT can be proved, and what goes out with it. */
export interface Proofs {
  /** Whether the writes go out with COMMIT. */
  readonly withCommit: boolean;
  readonly witness: boolean;
  /** Whether the transfer's id is looked up. */
  readonly id: boolean;
  readonly ledger: OutcomeLedger | undefined;
}

const POOL = Object.freeze({
  min: 0,
  max: 2,
  idleMs: 60_000,
  acquireMs: 30_000,
  createMs: 5_000,
  destroyMs: 2_000,
  createRetryMs: 50,
});

/** Outlasts several restarts of the server in a row. */
const RETRY = Object.freeze({ maxAttempts: 20, baseDelayMs: 20, maxDelayMs: 500 });

/** Opens a client that makes its transfers in a unit of work. */
export async function openHoldfastTeller(url: string, proofs: Proofs, setting: Setting): Promise<Teller> {
  const { commitMs, resolveMs, deadlineMs: deadline } = setting;
  const { witness, id, ledger, withCommit } = proofs;
  const dataSource = createPostgresDataSource({
    url,
    pool: POOL,
    applicationName: 'transfers',
    entities: [],
    migrations: [],
  });
  await openDataSource(dataSource);
  const unitOfWork = createUnitOfWork(dataSource, {
    retry: RETRY,
    witness,
    commitMs,
    resolveMs,
    ...(ledger && { ledger }),
  });
  const hookRuns = new Map<number, number>();
  const course = { attempts: 0, resolvedByWitness: 0, resolvedByToken: 0, hookRuns };
  readEvents(dataSource).on('transaction', ({ attempts, outcome, resolvedBy }: TransactionEvent) => {
    course.attempts += attempts;
    if (outcome === 'unknown') return;
    if (resolvedBy === 'witness') course.resolvedByWitness += 1;
    if (resolvedBy === 'token') course.resolvedByToken += 1;
  });

  return {
    course,
    async transfer(transfer: Transfer): Promise<Ending> {
      try {
        await unitOfWork.run(
          async (manager, transaction) => {
            transaction.afterCommit(() => hookRuns.set(transfer.id, (hookRuns.get(transfer.id) ?? 0) + 1));
            if (withCommit) await applyWithCommit(manager, transfer, transaction);
            else await applyTransfer(manager, transfer);
          },
          { deadline, ...(id && { wasApplied: (manager) => isEntered(manager, transfer) }) },
        );
        return { kind: 'committed' };
      } catch (error) {
        if (error instanceof AmbiguousOutcomeError) return { kind: 'unknown', reason: error.reason };
        return { kind: 'failed', reason: readReason(error) };
      }
    },
    [Symbol.asyncDispose]: () => closeDataSource(dataSource),
  };
}
