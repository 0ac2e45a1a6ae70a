import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { listErrorChain } from '@holdfast/resilience';
import type { EntityManager } from 'typeorm';
import { breakOnce, isCommit } from '../test/faults';
import { rejection, until } from '../test/settings';
import { createTables, debit, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { type OutcomeLedger, outcomeLedger } from './outcome-ledger';
import { createToken } from './outcome-token';
import { createUnitOfWork } from './unit-of-work';

const UNWATCHED = { retry: { baseDelayMs: 1 }, witness: false };
const LEDGER = outcomeLedger();
const RETENTION_MS = 600_000;
/** Shown by its first bits to be older than every retention. */
const ANCIENT = createToken(0);

describe('a ledger of outcomes', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
    await withClient(server.url, async (client) => {
      await client.query('CREATE SCHEMA one; CREATE SCHEMA two; CREATE SCHEMA tenant');
      for (const schema of ['public', 'one', 'two', 'tenant']) {
        await client.query(outcomeLedger({ schema }).createStatement);
      }
    });
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));
  afterEach(() => jest.restoreAllMocks());

  /** Loses the answer to a COMMIT of the last of several units of work on one connection. */
  async function loseAnswer(
    ledgers: readonly OutcomeLedger[],
    work: (manager: EntityManager) => Promise<unknown> = (manager) => debit(manager),
  ): Promise<void> {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 1 });
    const [last, ...others] = ledgers
      .map((ledger) => createUnitOfWork(source.dataSource, { ...UNWATCHED, ledger }))
      .reverse();
    for (const other of others) await other.run((manager) => manager.query('SELECT 1'));
    const fault = breakOnce(proxy, isCommit, 'cut-after');
    await last?.run(work);
    expect(fault.done).toBe(true);
  }
  const countRows = (url: string, token: string): Promise<number> =>
    withClient(url, async (client) => {
      const { rows } = await client.query(
        'SELECT count(*)::int AS count FROM holdfast_outcomes WHERE token = $1',
        [token],
      );
      return rows[0].count;
    });

  it('is written to its own schema, also on a connection that has used another', async () => {
    await loseAnswer([outcomeLedger({ schema: 'one' }), outcomeLedger({ schema: 'two' })]);
    expect(await readBalance(server.url)).toBe(90);
  });

  it('is found where it was written, whatever search path the work has set', async () => {
    await loseAnswer([LEDGER], async (manager) => {
      await manager.query('SET LOCAL search_path TO tenant, public');
      await debit(manager);
    });
    expect(await readBalance(server.url)).toBe(90);
  });

  it('that was not made is named, and nothing is written', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource, {
      ...UNWATCHED,
      ledger: outcomeLedger({ table: 'never_made' }),
    });
    const error = await rejection(unitOfWork.run((manager) => debit(manager)));
    expect(error).toMatchObject({ code: 'OUTCOME_LEDGER', message: expect.stringContaining('never_made') });
    expect(listErrorChain(error)).toContainEqual(expect.objectContaining({ code: '42P01' }));
    expect(await readBalance(server.url)).toBe(100);
  });

  describe('and the time that has passed', () => {
    const ledger = outcomeLedger({ retentionMs: RETENTION_MS });
    const { now } = Date;
    /** The clock of this process is behind the server's by so long. */
    const setBack = (byMs: number) => jest.spyOn(Date, 'now').mockImplementation(() => now() - byMs);

    it.each([
      ['young', RETENTION_MS / 4, 'aborted', 1],
      // Its row may have been there, and have been swept.
      ['stale', RETENTION_MS * 0.6, undefined, 0],
    ])('settles a %s token that has no row as it can be known', async (_name, ageMs, outcome, claimed) => {
      const token = createToken(Date.now() - ageMs);
      expect(await withClient(server.url, (client) => ledger.settle(client, token))).toBe(outcome);
      expect(await countRows(server.url, token)).toBe(claimed);
    });

    it('settles an old token by its row, where that is there', async () => {
      const token = createToken(Date.now() - RETENTION_MS * 0.6);
      const outcome = await withClient(server.url, async (client) => {
        await client.query('INSERT INTO holdfast_outcomes VALUES ($1, true)', [token]);
        return ledger.settle(client, token);
      });
      expect(outcome).toBe('committed');
    });

    it('leaves a COMMIT unknown whose token is old already, and does not run it again', async () => {
      await using proxy = await openProxy(server);
      await using source = await openSource(proxy.urlThrough(server.url));
      const unitOfWork = createUnitOfWork(source.dataSource, { ...UNWATCHED, ledger });
      const fault = breakOnce(proxy, isCommit, 'cut-before');
      let attempts = 0;
      setBack(RETENTION_MS * 0.6);
      const error = await rejection(
        unitOfWork.run((manager) => {
          attempts += 1;
          return debit(manager);
        }),
      );
      expect(fault.done).toBe(true);
      expect(error).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'no-proof' });
      expect(attempts).toBe(1);
    });

    it('keeps the outcome of a transaction that was open for longer than outcomes are kept', async () => {
      await using proxy = await openProxy(server);
      await using source = await openSource(proxy.urlThrough(server.url));
      const unitOfWork = createUnitOfWork(source.dataSource, { ...UNWATCHED, ledger });
      const fault = breakOnce(proxy, isCommit, 'cut-after');
      let isSwept = false;
      proxy.onMessage(() => (fault.done && !isSwept ? 'freeze' : undefined));
      // It begins long ago, and goes on until now.
      setBack(RETENTION_MS * 2);
      const running = unitOfWork.run(async (manager) => {
        jest.restoreAllMocks();
        await debit(manager);
      });
      await until(async () => fault.done && (await readBalance(server.url)) === 90);
      await withClient(server.url, (client) => ledger.sweep(client));
      isSwept = true;
      proxy.thaw();
      await running;
      expect(await readBalance(server.url)).toBe(90);
    });
  });

  it('is swept in the database of each DataSource that uses it', async () => {
    await using other = await openTemporaryServer();
    await withClient(other.url, (client) => client.query(LEDGER.createStatement));
    for (const { url } of [server, other]) {
      await withClient(url, (client) =>
        client.query('INSERT INTO holdfast_outcomes VALUES ($1, true)', [ANCIENT]),
      );
      await using source = await openSource(url);
      await createUnitOfWork(source.dataSource, { ledger: LEDGER }).run((manager) =>
        manager.query('SELECT 1'),
      );
      await until(async () => (await countRows(url, ANCIENT)) === 0);
    }
  });
});
