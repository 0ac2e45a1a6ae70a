import {
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import type { EntityManager } from 'typeorm';
import { readPoolStats } from '../data-source/read-pool-stats';
import { breakOnce } from '../test/faults';
import { settle, settleWithin } from '../test/settings';
import { createTables, debit, openSource, readBalance, resetTables } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

const UNWATCHED = { retry: { baseDelayMs: 1 }, witness: false };
/** Far longer than every limit that these tests set. */
const LIMIT_MS = 10_000;

describe('a unit of work whose connection falls silent', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  const isBegin = ({ type, text }: ProxyMessage) => type === 'P' && text?.startsWith('BEGIN') === true;
  const asksForId = ({ type, text }: ProxyMessage) =>
    type === 'P' && text?.includes('pg_current_xact_id') === true;
  // Takes no snapshot, so that the question for the id stands alone.
  const lock = (manager: EntityManager) => manager.query('LOCK TABLE accounts IN ACCESS SHARE MODE');
  const reason = Object.assign(new Error('the client has gone'), { name: 'GoneError' });
  const abortSoon = () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 200);
    return controller.signal;
  };

  describe.each([
    ['at BEGIN', isBegin],
    ['at the question for its id', asksForId],
  ])('%s', (_name, fits) => {
    it.each([
      // A connection that is cut at the deadline may be told as a loss which no time is left to retry.
      ['the deadline', () => ({ deadline: 200 }), /^(DeadlineExceeded|Retry)Error$/],
      ['the signal', () => ({ signal: abortSoon() }), /^GoneError$/],
    ])('ends with %s', async (_bound, bound, expected) => {
      await using proxy = await openProxy(server);
      await using source = await openSource(proxy.urlThrough(server.url));
      const fault = breakOnce(proxy, fits, 'freeze');
      const unitOfWork = createUnitOfWork(source.dataSource, UNWATCHED);
      const result = await settleWithin(
        LIMIT_MS,
        unitOfWork.run(lock, { ...bound(), wasApplied: async () => false }),
      ).finally(() => proxy.thaw());
      expect(fault.done).toBe(true);
      expect((result as Error).name).toMatch(expected);
      expect(readPoolStats(source.dataSource).used).toBe(0);
    });

    it('ends with the limit of a COMMIT, where there is no other', async () => {
      await using proxy = await openProxy(server);
      await using source = await openSource(proxy.urlThrough(server.url));
      const fault = breakOnce(proxy, fits, 'freeze');
      const unitOfWork = createUnitOfWork(source.dataSource, { ...UNWATCHED, commitMs: 200 });
      const result = await settleWithin(
        LIMIT_MS,
        unitOfWork.run(lock, { wasApplied: async () => false }),
      ).finally(() => proxy.thaw());
      expect(fault.done).toBe(true);
      expect(result).toBe('done');
    });
  });

  it('waits for a connection no longer than its signal allows', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const runner = source.dataSource.createQueryRunner();
    await runner.connect();
    const unitOfWork = createUnitOfWork(source.dataSource, UNWATCHED);
    const running = unitOfWork.run((manager) => debit(manager), { signal: abortSoon() });
    const result = await settleWithin(LIMIT_MS, running);
    await runner.release();
    expect(result).toBe(reason);
    expect(await settle(running)).toBe(reason);
    expect(await readBalance(server.url)).toBe(100);
  });
});
