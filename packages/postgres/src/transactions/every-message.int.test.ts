import {
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import type { EntityManager } from 'typeorm';
import { createTables, openSource, withClient } from '../test/transfers';
import { outcomeLedger } from './outcome-ledger';
import type { Transaction } from './transaction';
import { createUnitOfWork } from './unit-of-work';

const LEDGER = outcomeLedger();

type Work = (manager: EntityManager, transaction: Transaction) => Promise<void>;

describe('a connection that is cut at any message of a transaction', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
    await withClient(server.url, (client) => client.query(LEDGER.createStatement));
  });
  afterAll(() => server?.stop());

  const DEBIT = 'UPDATE accounts SET balance = balance - 1 WHERE id = $1';
  const NOTE = 'INSERT INTO transfers VALUES (gen_random_uuid(), $1)';
  const oneByOne: Work = async (manager) => {
    await manager.query(DEBIT, [1]);
    await manager.query(NOTE, [1]);
  };
  const withCommit: Work = async (manager, { commitWith }) => {
    await manager.query('SELECT balance FROM accounts WHERE id = $1 FOR UPDATE', [1]);
    commitWith(DEBIT, [1]);
    commitWith(NOTE, [1]);
  };

  /** Applies the work with a fault at one message of its transaction. Returns how many messages of it were seen. */
  async function run(
    work: Work,
    options: object,
    faultAt: number,
    verdict: 'cut-before' | 'cut-after',
  ): Promise<number> {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 2 });
    const unitOfWork = createUnitOfWork(source.dataSource, {
      retry: { baseDelayMs: 1 },
      resolveMs: 20_000,
      ...options,
    });
    let isWatched = 'ledger' in options;
    const unwatch = proxy.onMessage(({ text }) => {
      isWatched ||= text?.includes('pg_current_xact_id') ?? false;
    });
    while (!isWatched) await unitOfWork.run((manager) => manager.query('SELECT 1'));
    unwatch();

    let victim: number | undefined;
    let seen = 0;
    let isOver = false;
    proxy.onMessage(({ connection, type, text, direction }: ProxyMessage) => {
      // BEGIN is prepared, or about to be; the witness executes nothing by a name.
      if (direction === 'frontend' && (type === 'B' || text?.startsWith('BEGIN'))) victim ??= connection.id;
      if (connection.id !== victim || isOver) return undefined;
      seen += 1;
      isOver = seen === faultAt || (type === 'C' && text === 'COMMIT');
      return seen === faultAt ? verdict : undefined;
    });
    await unitOfWork.run(work);
    return seen;
  }

  const readSums = () =>
    withClient(server.url, async (client) => {
      const { rows } = await client.query(`
        SELECT (SELECT 100 - balance FROM accounts WHERE id = 1) AS debited,
               (SELECT count(*)::int FROM transfers) AS transfers
      `);
      return rows[0];
    });

  describe.each([
    ['proved by the witness', {}, oneByOne],
    ['proved by the ledger', { witness: false, ledger: LEDGER }, oneByOne],
    ['whose writes go out with COMMIT, proved by the witness', {}, withCommit],
    ['whose writes go out with COMMIT, proved by the ledger', { witness: false, ledger: LEDGER }, withCommit],
  ])('%s', (_name, options, work) => {
    it.each(['cut-before', 'cut-after'] as const)('leaves the work done once (%s)', async (verdict) => {
      await withClient(server.url, (client) =>
        client.query('UPDATE accounts SET balance = 100; TRUNCATE transfers'),
      );
      let faultAt = 1;
      for (; (await run(work, options, faultAt, verdict)) === faultAt; faultAt += 1) {
        expect({ faultAt, ...(await readSums()) }).toEqual({
          faultAt,
          debited: faultAt,
          transfers: faultAt,
        });
      }
      // BEGIN, the statements with what goes along, COMMIT, and what answers them.
      expect(faultAt).toBeGreaterThan(25);
    });
  });
});
