import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import type { EntityManager } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import type { TransactionEvent } from '../events/postgres-events';
import { breakOnce, isCommit } from '../test/faults';
import { rejection } from '../test/settings';
import { createTables, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

const DEBIT = 'UPDATE accounts SET balance = balance - $1::int WHERE id = 1';
const debit = (manager: EntityManager, amount: unknown = 1) => manager.query(DEBIT, [amount]);

describe("the question for a transaction's id", () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
    await withClient(server.url, (client) =>
      client.query(`
        CREATE FUNCTION forget_statements() RETURNS void LANGUAGE plpgsql
        AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$;
        CREATE FUNCTION forget_the_question() RETURNS void LANGUAGE plpgsql
        AS $$ BEGIN EXECUTE 'DEALLOCATE hf_transaction_id'; END $$;
      `),
    );
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  /** One connection on which everything is prepared, a witness, and what passes from then on. */
  async function open() {
    const proxy = await openProxy(() => server.port);
    const source = await openSource(proxy.urlThrough(server.url), { min: 1, max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource, {
      retry: { baseDelayMs: 1 },
      resolveMs: 20_000,
    });
    let isWatched = false;
    proxy.onMessage(({ text }) => {
      isWatched ||= text?.includes('pg_current_xact_id') ?? false;
    });
    while (!isWatched) await unitOfWork.run((manager) => debit(manager, 0));
    await unitOfWork.run((manager) => debit(manager, 0));
    await unitOfWork.run((manager) => debit(manager, 0));
    const sent: string[] = [];
    proxy.onMessage(({ direction, type }) => {
      if (direction === 'frontend') sent.push(type);
    });
    const events: TransactionEvent[] = [];
    readEvents(source.dataSource).on('transaction', (event) => events.push(event));
    return {
      proxy,
      dataSource: source.dataSource,
      unitOfWork,
      sent,
      events,
      async [Symbol.asyncDispose]() {
        await source[Symbol.asyncDispose]();
        await proxy.close();
      },
    };
  }

  it('goes with the first statement, under one Sync, and with no other', async () => {
    await using scene = await open();
    await scene.unitOfWork.run(async (manager) => {
      await debit(manager);
      await debit(manager);
    });
    expect(scene.sent.join(' ')).toBe('B E H B E B E S B E S Q');
  });

  it('leaves the answer to that statement what it was', async () => {
    await using scene = await open();
    const text = 'SELECT id, balance FROM accounts WHERE id <= $1 ORDER BY id';
    const read = (manager: EntityManager) => manager.query(text, [2]);
    await scene.unitOfWork.run(read);
    const rows = await scene.unitOfWork.run(read);
    scene.sent.length = 0;
    expect(await scene.unitOfWork.run(read)).toEqual(rows);
    expect(await scene.unitOfWork.run((manager) => debit(manager))).toEqual([[], 1]);
    expect(scene.sent.join(' ')).toBe('B E H B E B E S Q B E H B E B E S Q');
    expect(rows).toEqual([
      { id: 1, balance: 100 },
      { id: 2, balance: 100 },
    ]);
  });

  it('is answered rightly: by it a COMMIT whose answer was lost is known to have happened', async () => {
    await using scene = await open();
    const fault = breakOnce(scene.proxy, isCommit, 'cut-after');
    await scene.unitOfWork.run((manager) => debit(manager, 10));
    expect(fault.done).toBe(true);
    expect(await readBalance(server.url)).toBe(90);
    expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 1, resolvedBy: 'witness' }]);
  });

  it('is answered rightly: by it a COMMIT that never arrived is known not to have happened', async () => {
    await using scene = await open();
    const fault = breakOnce(scene.proxy, isCommit, 'cut-before');
    await scene.unitOfWork.run((manager) => debit(manager, 10));
    expect(fault.done).toBe(true);
    expect(await readBalance(server.url)).toBe(90);
    expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 2 }]);
  });

  it('is put again with the next statement when the first has failed', async () => {
    await using scene = await open();
    await scene.unitOfWork.run(async (manager) => {
      const failure = rejection(manager.transaction((inner) => debit(inner, 1_000)));
      expect(await failure).toMatchObject({ code: '23514' });
      await debit(manager);
    });
    // SAVEPOINT, which goes with BEGIN, and ROLLBACK TO SAVEPOINT stand around the first.
    expect(scene.sent.join(' ')).toBe('B E H P B D E S B E B E S Q B E B E S Q');
    expect(await readBalance(server.url)).toBe(99);
  });

  it('is put again with the next statement when the first could not be sent', async () => {
    await using scene = await open();
    const unsendable = {
      toPostgres: () => {
        throw new Error('not a value');
      },
    };
    await scene.unitOfWork.run(async (manager) => {
      expect(await rejection(debit(manager, unsendable))).toMatchObject({ message: /not a value/ });
      await manager.query('UPDATE accounts SET balance = balance WHERE id = 2');
      await debit(manager, 10);
    });
    breakOnce(scene.proxy, isCommit, 'cut-after');
    await scene.unitOfWork.run((manager) => debit(manager, 10));
    expect(await readBalance(server.url)).toBe(80);
    expect(scene.events).toMatchObject([{ attempts: 1 }, { attempts: 1, resolvedBy: 'witness' }]);
  });

  it('is prepared anew when the server has forgotten it', async () => {
    await using scene = await open();
    await scene.dataSource.query('SELECT forget_statements()');
    await scene.unitOfWork.run((manager) => manager.query('UPDATE accounts SET balance = 90 WHERE id = 1'));
    expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 2 }]);
    await scene.unitOfWork.run((manager) => debit(manager, 0));
    breakOnce(scene.proxy, isCommit, 'cut-after');
    await scene.unitOfWork.run((manager) => debit(manager, 10));
    expect(await readBalance(server.url)).toBe(80);
    expect(scene.events.at(-1)).toMatchObject({ outcome: 'committed', attempts: 1, resolvedBy: 'witness' });
  });

  it('is prepared anew when the server has forgotten nothing but it', async () => {
    await using scene = await open();
    await scene.dataSource.query('SELECT forget_the_question()');
    await scene.unitOfWork.run((manager) => debit(manager, 10));
    await scene.unitOfWork.run((manager) => debit(manager, 10));
    expect(scene.events).toMatchObject([
      { outcome: 'committed', attempts: 2 },
      { outcome: 'committed', attempts: 1 },
    ]);
    expect(await readBalance(server.url)).toBe(80);
  });
});
