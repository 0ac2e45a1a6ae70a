import {
  openProxy,
  openTemporaryServer,
  type PostgresProxy,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import type { TransactionEvent } from '../events/postgres-events';
import { breakOnce, isCommit } from '../test/faults';
import { rejection, until } from '../test/settings';
import { createTables, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { AmbiguousOutcomeError } from './ambiguous-outcome-error';
import { outcomeLedger } from './outcome-ledger';
import { createUnitOfWork, type UnitOfWork } from './unit-of-work';
import type { UnitOfWorkOptions } from './unit-of-work-options';

const LEDGER = outcomeLedger();
const QUICK = { retry: { baseDelayMs: 1 }, resolveMs: 20_000 };

/** Debits an account, and leaves the key of the transfer. */
const transfer = (key: string) => async (manager: EntityManager) => {
  await manager.query('UPDATE accounts SET balance = balance - 10 WHERE id = 1');
  await manager.query('INSERT INTO transfers VALUES ($1, 10)', [key]);
  return key;
};
const wasApplied = (key: string) => async (manager: EntityManager) => {
  const rows = await manager.query('SELECT 1 FROM transfers WHERE id = $1', [key]);
  return rows.length > 0;
};

describe('a COMMIT whose answer is lost', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
    await withClient(server.url, (client) => client.query(LEDGER.createStatement));
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  interface Scene extends AsyncDisposable {
    readonly proxy: PostgresProxy;
    readonly dataSource: DataSource;
    readonly unitOfWork: UnitOfWork;
    readonly events: TransactionEvent[];
  }

  /** A DataSource behind a proxy, whose witness watches unless the options forbid it. */
  async function open(options: UnitOfWorkOptions = {}): Promise<Scene> {
    const proxy = await openProxy(() => server.port);
    const source = await openSource(proxy.urlThrough(server.url), { max: 2 });
    const { dataSource } = source;
    const unitOfWork = createUnitOfWork(dataSource, { ...QUICK, ...options });
    let isWatched = options.witness === false;
    const unsubscribe = proxy.onMessage(({ text }) => {
      isWatched ||= text?.includes('pg_current_xact_id') ?? false;
    });
    do {
      await unitOfWork.run((manager) => manager.query('SELECT 1'));
    } while (!isWatched && options.ledger === undefined);
    unsubscribe();
    const events: TransactionEvent[] = [];
    readEvents(dataSource).on('transaction', (event) => events.push(event));
    return {
      proxy,
      dataSource,
      unitOfWork,
      events,
      async [Symbol.asyncDispose]() {
        await source[Symbol.asyncDispose]();
        await proxy.close();
      },
    };
  }

  it('is a double debit for whoever simply tries again', async () => {
    await using proxy = await openProxy(server);
    const dataSource = new DataSource({ type: 'postgres', url: proxy.urlThrough(server.url) });
    dataSource.setOptions({ poolErrorHandler: () => {} });
    await dataSource.initialize();
    breakOnce(proxy, isCommit, 'cut-after');
    const debit = () =>
      dataSource.transaction((manager) =>
        manager.query('UPDATE accounts SET balance = balance - 10 WHERE id = 1'),
      );
    await debit().catch(debit);
    await dataSource.destroy();
    expect(await readBalance(server.url)).toBe(80);
  });

  it('is known to the witness as committed: the work is not run again', async () => {
    await using scene = await open();
    const fault = breakOnce(scene.proxy, isCommit, 'cut-after');
    expect(await scene.unitOfWork.run(transfer('a'))).toBe('a');
    expect(fault.done).toBe(true);
    expect(await readBalance(server.url)).toBe(90);
    expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 1, resolvedBy: 'witness' }]);
  });

  it('is known to the witness from the first transaction on', async () => {
    await using proxy = await openProxy(() => server.port);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 1 });
    let answers = 0;
    proxy.onMessage(({ connection, direction, type }) => {
      if (connection.index === 1 && direction === 'backend' && type === 'Z') answers += 1;
    });
    const unitOfWork = createUnitOfWork(source.dataSource, QUICK);
    const events: TransactionEvent[] = [];
    readEvents(source.dataSource).on('transaction', (event) => events.push(event));
    // The second connection is the witness, ready once after its login and once after it was asked who it is.
    await until(() => answers >= 2);
    // What has passed the proxy is read by then: this answer comes after it.
    await source.dataSource.query('SELECT 1');
    breakOnce(proxy, isCommit, 'cut-after');
    await unitOfWork.run(transfer('a'));
    expect(await readBalance(server.url)).toBe(90);
    expect(events).toMatchObject([{ outcome: 'committed', attempts: 1, resolvedBy: 'witness' }]);
  });

  it('is known to the witness as not committed: the work is run again', async () => {
    await using scene = await open();
    const fault = breakOnce(scene.proxy, isCommit, 'cut-before');
    expect(await scene.unitOfWork.run(transfer('a'))).toBe('a');
    expect(fault.done).toBe(true);
    expect(await readBalance(server.url)).toBe(90);
    expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 2 }]);
  });

  it.each(['freeze', 'freeze-after'] as const)(
    'is told from one that never arrives (%s)',
    async (verdict) => {
      await using scene = await open({ commitMs: 100 });
      const fault = breakOnce(scene.proxy, isCommit, verdict);
      expect(await scene.unitOfWork.run(transfer('a'))).toBe('a');
      expect(fault.done).toBe(true);
      expect(await readBalance(server.url)).toBe(90);
      expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: verdict === 'freeze' ? 2 : 1 }]);
    },
  );

  describe.each([
    ['with a key of the caller', { witness: false }, { wasApplied: wasApplied('a') }],
    ['with a ledger', { witness: false, ledger: LEDGER }, {}],
  ])('without a witness, %s,', (_name, options, run) => {
    it.each(['cut-before', 'cut-after', 'freeze', 'freeze-after'] as const)(
      'is looked up and done once (%s)',
      async (verdict) => {
        await using scene = await open({ ...options, commitMs: 200 });
        const fault = breakOnce(scene.proxy, isCommit, verdict);
        expect(await scene.unitOfWork.run(transfer('a'), run)).toBe('a');
        expect(fault.done).toBe(true);
        expect(await readBalance(server.url)).toBe(90);
        const isLost = verdict === 'cut-before' || verdict === 'freeze';
        expect(scene.events).toMatchObject([
          { outcome: 'committed', attempts: isLost ? 2 : 1, resolvedBy: 'token' },
        ]);
      },
    );

    it.each(['cut-before', 'cut-after'] as const)(
      'is looked up after a crash of the server as well (%s)',
      async (verdict) => {
        await using scene = await open(options);
        const fault = breakOnce(scene.proxy, isCommit, verdict);
        const crash = until(() => fault.done)
          .then(() => server.halt('immediate'))
          .then(() => server.resume());
        expect(await scene.unitOfWork.run(transfer('a'), run)).toBe('a');
        await crash;
        expect(await readBalance(server.url)).toBe(90);
      },
    );
  });

  it('stays unknown without a proof, and says what is known', async () => {
    await using scene = await open({ witness: false });
    breakOnce(scene.proxy, isCommit, 'cut-after');
    const sentAtMs = Date.now();
    const error = await rejection(scene.unitOfWork.run(transfer('a')));
    expect(error).toBeInstanceOf(AmbiguousOutcomeError);
    expect(error).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'no-proof' });
    const facts = error as AmbiguousOutcomeError;
    expect(facts.backendPid).toBeGreaterThan(0);
    expect(facts.sentAtMs).toBeGreaterThanOrEqual(sentAtMs);
    expect(scene.events).toMatchObject([{ outcome: 'unknown', attempts: 1 }]);
    // It was not run again.
    expect(await readBalance(server.url)).toBe(90);
  });

  it('stays unknown when the witness died with it', async () => {
    await using scene = await open();
    const fault = breakOnce(scene.proxy, isCommit, 'cut-after');
    const run = rejection(scene.unitOfWork.run(transfer('a')));
    scene.proxy.onMessage(() => (fault.done ? 'cut-before' : undefined));
    expect(await run).toMatchObject({ code: 'AMBIGUOUS_OUTCOME', reason: 'no-proof' });
    expect(await readBalance(server.url)).toBe(90);
  });

  it('stays unknown when the server does not come back in time', async () => {
    await using scene = await open({ witness: false, ledger: LEDGER, resolveMs: 300 });
    breakOnce(scene.proxy, isCommit, 'cut-after');
    scene.proxy.onMessage(({ type }) => {
      if (type === 'Startup') return 'cut-before';
      return undefined;
    });
    const error = await rejection(scene.unitOfWork.run(transfer('a')));
    // The other connection of the pool may be used as well as a new one.
    if (error instanceof AmbiguousOutcomeError) expect(error.reason).toBe('timeout');
    expect(await readBalance(server.url)).toBe(90);
  });

  it('is not taken for that of the next transaction, which has got its id after a crash', async () => {
    await using scene = await open();
    let id = '';
    const fault = breakOnce(scene.proxy, isCommit, 'cut-before');
    // Nobody finds out anything before the crash and the next transaction are over.
    let isOver = false;
    scene.proxy.onMessage(() => (fault.done && !isOver ? 'freeze' : undefined));
    const run = scene.unitOfWork.run(
      async (manager) => {
        const [row] = await manager.query('SELECT pg_current_xact_id()::text AS id');
        id ||= row.id;
        return transfer('a')(manager);
      },
      { wasApplied: wasApplied('a') },
    );
    await until(() => fault.done);
    await server.halt('immediate');
    await server.resume();
    const status = await withClient(server.url, async (client) => {
      let reached = 0n;
      while (reached < BigInt(id)) {
        const inserted = await client.query(
          'INSERT INTO transfers VALUES (gen_random_uuid(), 0) RETURNING pg_current_xact_id()::text AS id',
        );
        reached = BigInt(inserted.rows[0].id);
      }
      const { rows } = await client.query(
        `
        SELECT pg_xact_status($1::xid8) AS status,
               (SELECT count(*)::int FROM transfers WHERE id = 'a') AS applied
      `,
        [id],
      );
      return rows[0];
    });
    isOver = true;
    scene.proxy.thaw();
    expect(await run).toBe('a');
    // The wrong answer to whoever asks by the bare id.
    expect(status).toEqual({ status: 'committed', applied: 0 });
    expect(await readBalance(server.url)).toBe(90);
    expect(scene.events.at(-1)).toMatchObject({ outcome: 'committed', resolvedBy: 'token' });
  });
});
