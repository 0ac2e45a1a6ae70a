import {
  type MessageVerdict,
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { listErrorChain } from '@holdfast/resilience';
import { readPhase } from '@holdfast/resilience/postgres';
import type { EntityManager } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import type { TransactionEvent } from '../events/postgres-events';
import { breakOnce, isCommit } from '../test/faults';
import { until } from '../test/settings';
import { createTables, debit, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { AmbiguousOutcomeError } from './ambiguous-outcome-error';
import { outcomeLedger } from './outcome-ledger';
import type { TransactionWork } from './transaction';
import { createUnitOfWork } from './unit-of-work';
import type { UnitOfWorkOptions } from './unit-of-work-options';

/** Far shorter than every other limit. */
const QUERY_TIMEOUT_MS = 300;
const LEDGER = outcomeLedger();

const isBegin = ({ type, text }: ProxyMessage) => type === 'P' && text?.startsWith('BEGIN') === true;
/** Of a COMMIT in one write with others: its first message, and the last one, which comes behind it. */
const isCommitInFlight = ({ type, text }: ProxyMessage) => type === 'P' && text === 'COMMIT';
function endsCommitInFlight(): (message: ProxyMessage) => boolean {
  let isAway = false;
  return (message) => {
    isAway ||= isCommitInFlight(message);
    return isAway && message.direction === 'frontend' && message.type === 'S';
  };
}

const work: TransactionWork<void> = (manager: EntityManager) => debit(manager);
const workWithLastWrite: TransactionWork<void> = async (_manager, transaction) => {
  transaction.commitWith('UPDATE accounts SET balance = balance - $1 WHERE id = 1', [10]);
};

describe("the driver's own query_timeout in a unit of work", () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
    await withClient(server.url, (client) => client.query(LEDGER.createStatement));
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  /** Runs work while the first message that fits is not answered in time. */
  async function run(
    given: TransactionWork<void>,
    fits: (message: ProxyMessage) => boolean,
    verdict: MessageVerdict,
    options: UnitOfWorkOptions,
  ) {
    await using proxy = await openProxy(server);
    const url = `${proxy.urlThrough(server.url)}?query_timeout=${QUERY_TIMEOUT_MS}`;
    await using source = await openSource(url);
    const events: TransactionEvent[] = [];
    readEvents(source.dataSource).on('transaction', (event) => events.push(event));
    const fault = breakOnce(proxy, fits, verdict);
    const unitOfWork = createUnitOfWork(source.dataSource, {
      retry: { baseDelayMs: 1 },
      witness: false,
      ...options,
    });
    const failure = await unitOfWork.run(given).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(fault.done).toBe(true);
    // What the ledger has kept for too long is swept away on a connection of the pool.
    await until(() => readPoolStats(source.dataSource).used === 0);
    const [event] = events;
    return { failure, event, balance: await readBalance(server.url) };
  }

  it('on BEGIN is the loss of a silent connection, and the work is run again', async () => {
    const { failure, event, balance } = await run(work, isBegin, 'freeze', {});
    expect(failure).toBeUndefined();
    expect(event).toMatchObject({ outcome: 'committed', attempts: 2 });
    expect(balance).toBe(90);
  });

  it('on BEGIN tells whoever does not try again that nothing was applied', async () => {
    const { failure, event, balance } = await run(work, isBegin, 'freeze', { retry: { maxAttempts: 1 } });
    expect(listErrorChain(failure).map((link) => (link as Error).name)).toContain('ConnectionLostError');
    expect(readPhase(failure)).toBe('in-transaction');
    expect(event).toMatchObject({ outcome: 'rolled-back', attempts: 1 });
    expect(balance).toBe(100);
  });

  describe.each([
    ['on COMMIT', work, isCommit, () => isCommit],
    ['on COMMIT with a last write', workWithLastWrite, isCommitInFlight, endsCommitInFlight],
  ] as const)('%s', (_name, commits, begins, ends) => {
    it.each([
      ['freeze', 2],
      ['freeze-after', 1],
    ] as const)('leaves an outcome that is looked up (%s)', async (verdict, attempts) => {
      const fits = verdict === 'freeze' ? begins : ends();
      const { failure, event, balance } = await run(commits, fits, verdict, { ledger: LEDGER });
      expect(failure).toBeUndefined();
      expect(event).toMatchObject({ outcome: 'committed', attempts, resolvedBy: 'token' });
      expect(balance).toBe(90);
    });

    it('leaves an outcome that nobody knows, where nothing proves it', async () => {
      const { failure, event, balance } = await run(commits, ends(), 'freeze-after', {});
      expect(failure).toBeInstanceOf(AmbiguousOutcomeError);
      expect(event).toMatchObject({ outcome: 'unknown', attempts: 1 });
      expect(balance).toBe(90);
    });
  });
});
