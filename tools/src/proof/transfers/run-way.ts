import { openProxy, type PostgresProxy, type TemporaryServer } from '@holdfast/local-postgres';
import { type Audit, audit } from './audit';
import { openBooks, readBooks } from './books';
import { crashServer } from './crash-server';
import type { FaultCounts } from './fault-counts';
import { FaultInjector } from './fault-injector';
import { drawFaultPlan } from './fault-plan';
import type { Setting } from './setting';
import type { Ending, Teller, TellerCourse } from './teller';
import { drawTransfers, type Transfer } from './transfer';
import { LEDGER_STATEMENT, openTeller, type Way } from './ways';

/** What came of the transfers of one run. */
export interface RunFigures {
  readonly audit: Audit;
  readonly course: Omit<TellerCourse, 'hookRuns'>;
  readonly faults: FaultCounts;
  readonly crashes: number;
  readonly seconds: number;
}

interface RunContext {
  readonly server: TemporaryServer;
  readonly setting: Setting;
  readonly signal: AbortSignal;
}

/** Makes all transfers in one way, while connections break and the server crashes, and audits the books afterwards. */
export async function runWay(way: Way, { server, setting, signal }: RunContext): Promise<RunFigures> {
  const startedMs = performance.now();
  const transfers = drawTransfers(setting);
  await openBooks(server.url, setting, LEDGER_STATEMENT);
  const injector = new FaultInjector(drawFaultPlan(setting), (crash, onDown) =>
    crashServer(server, crash, onDown),
  );
  const proxies: PostgresProxy[] = [];
  const tellers: Teller[] = [];
  const endings = new Map<number, Ending>();
  try {
    for (let client = 0; client < setting.clients; client++) {
      const proxy = await openProxy(server);
      proxies.push(proxy);
      tellers.push(await openTeller(way, client, proxy.urlThrough(server.url), setting));
    }
    for (const proxy of proxies) injector.attach(proxy);
    await makeTransfers(tellers, transfers, endings, signal);
  } finally {
    await closeAll(injector, tellers, proxies);
  }
  const course = addUp(tellers);
  return {
    audit: audit(transfers, { endings, hookRuns: course.hookRuns }, await readBooks(server.url), setting),
    course: {
      attempts: course.attempts,
      resolvedByWitness: course.resolvedByWitness,
      resolvedByToken: course.resolvedByToken,
    },
    faults: injector.counts,
    crashes: injector.crashes,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

/** Every client takes the next transfer when it is done with one. */
async function makeTransfers(
  tellers: readonly Teller[],
  transfers: readonly Transfer[],
  endings: Map<number, Ending>,
  signal: AbortSignal,
): Promise<void> {
  const queue = transfers.values();
  const serve = async (teller: Teller): Promise<void> => {
    for (const transfer of queue) {
      signal.throwIfAborted();
      endings.set(transfer.id, await teller.transfer(transfer));
    }
  };
  const served = await Promise.allSettled(tellers.map(serve));
  for (const result of served) if (result.status === 'rejected') throw result.reason;
}

/** What was held back arrives, late, before the connections end: it must find nobody whom it can harm. */
async function closeAll(
  injector: FaultInjector,
  tellers: readonly Teller[],
  proxies: readonly PostgresProxy[],
): Promise<void> {
  try {
    await injector.end();
  } finally {
    await Promise.allSettled(tellers.map((teller) => teller[Symbol.asyncDispose]()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
}

function addUp(tellers: readonly Teller[]): TellerCourse {
  const courses = tellers.map(({ course }) => course);
  const sum = (read: (course: TellerCourse) => number): number =>
    courses.reduce((total, course) => total + read(course), 0);
  const hookRuns = new Map<number, number>();
  for (const course of courses) {
    for (const [id, runs] of course.hookRuns) hookRuns.set(id, (hookRuns.get(id) ?? 0) + runs);
  }
  return {
    attempts: sum(({ attempts }) => attempts),
    resolvedByWitness: sum(({ resolvedByWitness }) => resolvedByWitness),
    resolvedByToken: sum(({ resolvedByToken }) => resolvedByToken),
    hookRuns,
  };
}
