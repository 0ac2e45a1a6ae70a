import { setTimeout } from 'node:timers/promises';
import type { Contender, Operation, Protection, Settings } from './contender';
import { countRuns } from './counted-operation';

/** Short waits, as here things do fail, and a timeout that is beyond all patience. */
const TESTED_SETTINGS: Settings = Object.freeze({
  maxAttempts: 3,
  baseDelayMs: 1,
  timeoutMs: 60_000,
  maxConcurrent: 100,
});

export interface ActivityOptions {
  /** How long a call may take before it counts as one that does not settle, in milliseconds. Default 5000. */
  readonly patienceMs?: number;
}

const DEFAULT_PATIENCE_MS = 5000;

/** Twice what any of the breakers needs to open. */
const FAILURES_TO_OPEN = 40;

/** A dependency that is down, in the way every library takes for worth a retry. */
const REFUSED = Object.freeze(
  Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
);

/**
 * Asks of a contender whether it does what it is measured for: it hands results through, retries as often as it was set
 * to, and each of its protections steps in. A contender that does nothing would be fast.
 * @returns what is wrong with it; empty when nothing is.
 */
export async function findInactivity(
  contender: Contender,
  { patienceMs = DEFAULT_PATIENCE_MS }: ActivityOptions = {},
): Promise<readonly string[]> {
  const checks = [checkResult, checkAttempts];
  for (const protection of Object.keys(contender.refusals) as Protection[]) checks.push(CHECKS[protection]);
  const problems: string[] = [];
  for (const check of checks) {
    const problem = await check(contender, patienceMs);
    if (problem !== undefined) problems.push(`${contender.name} ${problem}`);
  }
  return problems;
}

type Check = (contender: Contender, patienceMs: number) => Promise<string | undefined>;

const CHECKS: Readonly<Record<Protection, Check>> = Object.freeze({
  timeout: checkTimeout,
  bulkhead: checkBulkhead,
  breaker: checkBreaker,
});

async function checkResult(contender: Contender): Promise<string | undefined> {
  const { operation, count } = countRuns(async () => 42);
  const result = await contender.bind(operation, TESTED_SETTINGS)();
  if (result !== 42) return `returned ${result} instead of the operation's 42`;
  return count() === 1 ? undefined : `ran an operation that succeeds ${count()} times`;
}

async function checkAttempts(contender: Contender, patienceMs: number): Promise<string | undefined> {
  const { operation, count } = countRuns(() => Promise.reject(REFUSED));
  const outcome = await settle(contender.bind(operation, TESTED_SETTINGS)(), patienceMs);
  if (outcome.kind !== 'rejected') return `${outcome.kind} although its operation fails`;
  const wanted = contender.retries ? TESTED_SETTINGS.maxAttempts : 1;
  return count() === wanted ? undefined : `ran a failing operation ${count()} times instead of ${wanted}`;
}

async function checkTimeout({ bind, refusals }: Contender, patienceMs: number): Promise<string | undefined> {
  const never: Operation = () => new Promise(() => undefined);
  const outcome = await settle(bind(never, { ...TESTED_SETTINGS, timeoutMs: 20 })(), patienceMs);
  if (outcome.kind !== 'rejected') return `${outcome.kind} although its timeout is over`;
  return refusals.timeout?.(outcome.error) ? undefined : `did not end by its timeout but by ${outcome.error}`;
}

async function checkBulkhead({ bind, refusals }: Contender, patienceMs: number): Promise<string | undefined> {
  let release = (_: number): void => undefined;
  const released = new Promise<number>((resolve) => {
    release = resolve;
  });
  const { operation, count } = countRuns(() => released);
  const call = bind(operation, { ...TESTED_SETTINGS, maxConcurrent: 1 });
  const first = settle(call(), patienceMs);
  const refused = await settle(call(), patienceMs);
  const runs = count();
  release(42);
  const held = await first;
  const next = await settle(call(), patienceMs);
  if (refused.kind !== 'rejected' || !refusals.bulkhead?.(refused.error) || runs !== 1) {
    return 'let two calls in where one had room';
  }
  return held.kind === 'resolved' && next.kind === 'resolved' ? undefined : 'did not give a slot back';
}

async function checkBreaker({ bind, refusals }: Contender, patienceMs: number): Promise<string | undefined> {
  const { operation, count } = countRuns(() => Promise.reject(REFUSED));
  const call = bind(operation, TESTED_SETTINGS);
  for (let failure = 0; failure < FAILURES_TO_OPEN; failure++) await settle(call(), patienceMs);
  const runs = count();
  const outcome = await settle(call(), patienceMs);
  if (outcome.kind !== 'rejected' || !refusals.breaker?.(outcome.error)) {
    return `did not open after ${FAILURES_TO_OPEN} failed calls`;
  }
  return count() === runs ? undefined : 'ran the operation while it was open';
}

type Outcome =
  | { readonly kind: 'resolved'; readonly value: number }
  | { readonly kind: 'rejected'; readonly error: unknown }
  | { readonly kind: 'still waits' };

async function settle(promise: Promise<number>, patienceMs: number): Promise<Outcome> {
  const patience = new AbortController();
  const outcome = promise.then(
    (value): Outcome => ({ kind: 'resolved', value }),
    (error: unknown): Outcome => ({ kind: 'rejected', error }),
  );
  const waited = setTimeout(patienceMs, { kind: 'still waits' } as const, { signal: patience.signal });
  // Ended below, in the usual case.
  waited.catch(() => undefined);
  const settled = await Promise.race([outcome, waited]);
  patience.abort();
  return settled;
}
