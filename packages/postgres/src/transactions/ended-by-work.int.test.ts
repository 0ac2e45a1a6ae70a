import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import pg from 'pg';
import type { EntityManager } from 'typeorm';
import { rejection, settle } from '../test/settings';
import { createTables, debit, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

const QUICK = { retry: { baseDelayMs: 1 } };
const CONTENTION = `DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`;

describe('a transaction that its work ends itself', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer({ settings: { max_prepared_transactions: '5' } });
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  /** Ends with one way out of the transaction, and then as told. Each attempt debits. */
  async function run(
    leave: (manager: EntityManager) => Promise<unknown>,
    then: (manager: EntityManager) => Promise<unknown> = async () => {},
  ) {
    await using source = await openSource(server.url);
    let attempts = 0;
    const error = await rejection(
      createUnitOfWork(source.dataSource, QUICK).run(async (manager) => {
        attempts += 1;
        await debit(manager);
        await leave(manager);
        await then(manager);
      }),
    );
    return { error, attempts };
  }
  const submitCommit = async (manager: EntityManager) => {
    const client = await manager.queryRunner?.connect();
    await new Promise<void>((resolve, reject) => {
      const query = new pg.Query('COMMIT');
      query.on('end', () => resolve());
      query.on('error', reject);
      client.query(query);
    });
  };
  const WAYS: readonly [string, (manager: EntityManager) => Promise<unknown>][] = [
    ...[
      ';COMMIT',
      '/* a /* b */ c */ COMMIT',
      'SELECT 1; COMMIT',
      'SAVEPOINT x; COMMIT; BEGIN',
      'UPDATE accounts SET balance = balance WHERE id = 2; COMMIT',
    ].map((text): [string, (manager: EntityManager) => Promise<unknown>] => [
      text,
      (manager) => manager.query(text),
    ]),
    ['a COMMIT that is submitted', submitCommit],
  ];

  it('by a text that only the server understands is committed, to whoever does not look', async () => {
    await withClient(server.url, async (client) => {
      await client.query('BEGIN');
      await client.query('UPDATE accounts SET balance = balance - 10 WHERE id = 1');
      await client.query('SELECT 1; COMMIT');
      await client.query('ROLLBACK');
    });
    expect(await readBalance(server.url)).toBe(90);
  });

  describe.each(WAYS)('by %s', (_name, leave) => {
    it('is told as ended, where the work resolves', async () => {
      expect(await run(leave)).toMatchObject({
        error: { name: 'TransactionEndedError', code: 'TRANSACTION_ENDED' },
        attempts: 1,
      });
      expect(await readBalance(server.url)).toBe(90);
    });

    it('is told as ended, where the work throws', async () => {
      const failure = new Error('out of stock');
      const { error, attempts } = await run(leave, () => Promise.reject(failure));
      expect(error).toMatchObject({ code: 'TRANSACTION_ENDED', workError: failure });
      expect(error.cause).toBeUndefined();
      expect(attempts).toBe(1);
    });

    it('is not run again, where the work fails in a way that may pass', async () => {
      expect(await run(leave, (manager) => manager.query(CONTENTION))).toMatchObject({
        error: { code: 'TRANSACTION_ENDED', workError: { driverError: { code: '40001' } } },
        attempts: 1,
      });
      expect(await readBalance(server.url)).toBe(90);
    });
  });

  it('is told without an error of the work, where that had none', async () => {
    const { error } = await run((manager) => manager.query('SELECT 1; COMMIT'));
    expect(error).toHaveProperty('workError', undefined);
  });

  it('is run again after the same failure, where it has not ended', async () => {
    await using source = await openSource(server.url);
    await createUnitOfWork(source.dataSource, QUICK).run(async (manager, { attempt }) => {
      await debit(manager);
      if (attempt === 1) await manager.query(CONTENTION);
    });
    expect(await readBalance(server.url)).toBe(90);
  });

  it('by PREPARE TRANSACTION is told as ended: whoever finishes that decides', async () => {
    const { error, attempts } = await run((manager) => manager.query(`PREPARE TRANSACTION 'half'`));
    await withClient(server.url, (client) => client.query(`COMMIT PREPARED 'half'`));
    expect(error).toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(attempts).toBe(1);
    expect(await readBalance(server.url)).toBe(90);
  });

  it.each(['ROLLBACK -- back to the start', 'ROLLBACK /* to */', 'ABORT -- to'])(
    'by %j is refused: no savepoint is meant',
    async (statement) => {
      const { error } = await run(
        (manager) => manager.query(statement),
        (manager) => debit(manager, 2),
      );
      expect(error).toMatchObject({ driverError: { code: 'TRANSACTION_CONTROL' } });
      expect(await readBalance(server.url, 1)).toBe(100);
      expect(await readBalance(server.url, 2)).toBe(100);
    },
  );

  it('does not serve the next caller with what it left', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource, QUICK);
    await rejection(unitOfWork.run((manager) => manager.query('SELECT 1; COMMIT; BEGIN')));
    await unitOfWork.run((manager) => debit(manager));
    expect(await readBalance(server.url)).toBe(90);
  });
});

describe('a savepoint that the work leaves open', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  it('by starting it and not ending it is no success, and nothing is written', async () => {
    await using source = await openSource(server.url);
    const error = await rejection(
      createUnitOfWork(source.dataSource, QUICK).run(async (manager) => {
        await debit(manager);
        await manager.queryRunner?.startTransaction();
        await debit(manager);
      }),
    );
    expect(error).toMatchObject({ code: 'TRANSACTION_CONTROL' });
    expect(await readBalance(server.url)).toBe(100);
  });

  it('by not awaiting a nested transaction is no success, and nothing is written', async () => {
    await using source = await openSource(server.url);
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let nested: Promise<unknown> | undefined;
    const error = await rejection(
      createUnitOfWork(source.dataSource, QUICK).run(async (manager) => {
        await debit(manager);
        await new Promise<void>((resolve) => {
          nested = settle(
            manager.transaction(async (inner) => {
              await debit(inner);
              resolve();
              await finished;
            }),
          );
        });
      }),
    );
    finish();
    await nested;
    expect(error).toMatchObject({ code: 'TRANSACTION_CONTROL' });
    expect(await readBalance(server.url)).toBe(100);
  });

  it('by nothing: one that was ended is kept', async () => {
    await using source = await openSource(server.url);
    await createUnitOfWork(source.dataSource, QUICK).run(async (manager) => {
      await manager.queryRunner?.startTransaction();
      await debit(manager);
      await manager.queryRunner?.commitTransaction();
    });
    expect(await readBalance(server.url)).toBe(90);
  });
});
