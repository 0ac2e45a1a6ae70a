import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { readErrorCode } from '@holdfast/resilience';
import type { ClientBase } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { requirePool } from '../data-source/pool-registry';
import { withAcquireOptions } from '../pool/acquire-options';
import { readLease } from '../pool/lease';
import type { LocalSetting } from '../statements/local-settings';
import { AmbiguousOutcomeError, type UnresolvedReason } from './ambiguous-outcome-error';
import { END_IF_GOING_ON, IS_GOING_ON } from './lost-backend';
import type { OutcomeLedger } from './outcome-ledger';
import type { Watch } from './witness';

/** A transaction that was told to commit and did not answer, and what it left behind to be told by. */
export interface LostCommit {
  readonly transactionId: string | undefined;
  readonly backendPid: number | undefined;
  readonly sentAtMs: number;
  readonly watch: Watch | undefined;
  readonly token: string | undefined;
  /** The caller's own look-up. */
  readonly wasApplied: ((manager: EntityManager) => Promise<boolean>) | undefined;
  /** Set for the transaction, and so for the look-up. */
  readonly settings: readonly LocalSetting[];
  /** What happened to the COMMIT. */
  readonly cause: unknown;
}

/** What became of it, and how that is known. */
export interface ResolvedOutcome {
  readonly outcome: 'committed' | 'aborted';
  readonly resolvedBy: 'witness' | 'token';
}

export interface ResolveTerms {
  readonly dataSource: DataSource;
  readonly ledger: OutcomeLedger | undefined;
  /** Longest time for finding out, in milliseconds. */
  readonly resolveMs: number;
}

/** A backend that has not noticed the loss of its client is given so long to end by itself, in milliseconds. */
const GRACE_MS = 500;
/** Between two looks, in milliseconds. */
const PAUSE_MS = 50;

/**
 * Finds out what became of a COMMIT whose answer was lost; the order is that of the strength of proof. First the witness,
 * if it has been watching since before the transaction; else, once the transaction is certainly over, its token.
 *
 * @throws AmbiguousOutcomeError when nothing proves it, or not in time.
 */
export async function resolveOutcome(lost: LostCommit, terms: ResolveTerms): Promise<ResolvedOutcome> {
  const startedMs = performance.now();
  const limitAtMs = startedMs + terms.resolveMs;
  const settle = chooseLookUp(lost, terms);
  let failure: unknown;
  do {
    const isGraceOver = performance.now() - startedMs >= GRACE_MS;
    const witnessed = await askWitness(lost, isGraceOver);
    if (witnessed === 'in progress') failure = undefined;
    else if (witnessed !== undefined) return { outcome: witnessed, resolvedBy: 'witness' };
    else if (settle === undefined) throw describe(lost, 'no-proof');
    else {
      try {
        const outcome = await settle(limitAtMs - performance.now(), isGraceOver);
        if (outcome === undefined) throw describe(lost, 'no-proof');
        if (outcome !== 'in progress') return { outcome, resolvedBy: 'token' };
      } catch (error) {
        if (error instanceof AmbiguousOutcomeError) throw error;
        if (error instanceof WrongAnswerError) throw describe(lost, 'no-proof', error);
        failure = error;
      }
    }
    await sleep(PAUSE_MS);
  } while (performance.now() < limitAtMs);
  throw describe(lost, 'timeout', failure);
}

/** Undefined: it can never be known. */
type Answer = 'committed' | 'aborted' | 'in progress' | undefined;
type LookUp = (remainingMs: number, isGraceOver: boolean) => Promise<Answer>;

/** Undefined where there is no witness, or it does not know. */
async function askWitness({ watch, transactionId, backendPid }: LostCommit, isGraceOver: boolean) {
  if (transactionId === undefined || !watch?.isAlive) return undefined;
  try {
    const status = await watch.readStatus(transactionId);
    if (status === 'in progress' && isGraceOver && backendPid !== undefined) {
      await watch.terminate(backendPid, transactionId);
    }
    return status ?? undefined;
  } catch {
    return undefined;
  }
}

function chooseLookUp(lost: LostCommit, { dataSource, ledger }: ResolveTerms): LookUp | undefined {
  const { token, wasApplied, settings } = lost;
  if (wasApplied !== undefined) {
    return (remainingMs, isGraceOver) =>
      onPrimary(dataSource, remainingMs, async (client, manager) => {
        if (await isGoingOn(client, lost, isGraceOver)) return 'in progress';
        const lease = readLease(client);
        if (lease) lease.settings = settings;
        const applied: unknown = await wasApplied(manager);
        if (typeof applied !== 'boolean') throw new WrongAnswerError();
        return applied ? 'committed' : 'aborted';
      });
  }
  if (token === undefined || ledger === undefined) return undefined;
  return (remainingMs, isGraceOver) =>
    onPrimary(dataSource, remainingMs, async (client) => {
      if (await isGoingOn(client, lost, isGraceOver)) return 'in progress';
      return ledger.settle(client, token);
    });
}

/**
 * Runs a look-up on a new connection to a server that takes writes: a standby may not have heard of the transaction yet.
 * When its time is over the connection is cut, and whatever the look-up waits for, nobody waits for it.
 */
async function onPrimary(
  dataSource: DataSource,
  remainingMs: number,
  lookUp: (client: ClientBase, manager: EntityManager) => Promise<Answer>,
): Promise<Answer> {
  requirePool(dataSource);
  const limitMs = Math.max(1, remainingMs);
  const runner = dataSource.createQueryRunner('master');
  let timer: NodeJS.Timeout | undefined;
  try {
    const client: ClientBase = await withAcquireOptions({ acquireMs: limitMs }, () => runner.connect());
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        readLease(client)?.client.cut();
        reject(new Error('The look-up took too long'));
      }, limitMs);
    });
    const looking = async (): Promise<Answer> => {
      const { rows } = await client.query<{ isStandby: boolean }>(
        `SELECT pg_is_in_recovery() AS "isStandby"`,
      );
      return rows[0]?.isStandby === false ? lookUp(client, runner.manager) : 'in progress';
    };
    return await Promise.race([looking(), late]);
  } finally {
    clearTimeout(timer);
    await runner.release();
  }
}

/**
 * Whether the transaction is still open on this server. A backend that has it open is ended once the grace is over: its
 * client is gone, and COMMIT may or may not still reach it.
 */
async function isGoingOn(
  client: ClientBase,
  { transactionId, backendPid }: LostCommit,
  isGraceOver: boolean,
): Promise<boolean> {
  // COMMIT is not sent before the id is known: without one, nothing was written.
  if (transactionId === undefined || backendPid === undefined) return false;
  const { rowCount } = await client.query(isGraceOver ? END_IF_GOING_ON : IS_GOING_ON, [
    backendPid,
    transactionId,
  ]);
  return (rowCount ?? 0) > 0;
}

/** A mistake in the program, which no second look mends. */
class WrongAnswerError extends TypeError {
  constructor() {
    super('wasApplied must answer true or false');
  }
}

function describe(lost: LostCommit, reason: UnresolvedReason, failure?: unknown): AmbiguousOutcomeError {
  const { transactionId, backendPid, sentAtMs, cause } = lost;
  const causes =
    failure === undefined
      ? cause
      : new AggregateError([cause, failure], `The look-up failed as well: ${readMessage(failure)}`);
  return new AmbiguousOutcomeError({ reason, transactionId, backendPid, sentAtMs }, causes);
}

/** Messages of the server may hold values. */
function readMessage(failure: unknown): string {
  return failure instanceof WrongAnswerError ? failure.message : (readErrorCode(failure) ?? 'see the errors');
}
