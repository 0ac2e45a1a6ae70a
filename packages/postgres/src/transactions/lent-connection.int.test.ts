import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { readPhase } from '@holdfast/resilience/postgres';
import { from as copyFrom } from 'pg-copy-streams';
import type { DataSource, EntityManager } from 'typeorm';
import { breakOnce, isCommit } from '../test/faults';
import { rejection, until } from '../test/settings';
import { addSubscriber } from '../test/subscribers';
import { createTables, debit, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { openTranslatingProxy } from '../test/translating-proxy';
import { createUnitOfWork } from './unit-of-work';

const QUICK = { retry: { baseDelayMs: 1 } };

describe('the connection of a unit of work', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  describe('that is lost between the work and COMMIT', () => {
    /** Ends the session when COMMIT is about to be sent for the first time. */
    const endBeforeCommit = (dataSource: DataSource) => {
      let isEnded = false;
      addSubscriber(dataSource, {
        async beforeTransactionCommit({ queryRunner }) {
          if (isEnded) return;
          isEnded = true;
          const client = await queryRunner.connect();
          const [{ pid }] = await queryRunner.query('SELECT pg_backend_pid() AS pid');
          const ended = new Promise((resolve) => client.once('end', resolve));
          await withClient(server.url, (admin) => admin.query('SELECT pg_terminate_backend($1)', [pid]));
          await ended;
        },
      });
    };

    it('has applied nothing, and says so', async () => {
      await using source = await openSource(server.url);
      endBeforeCommit(source.dataSource);
      const unitOfWork = createUnitOfWork(source.dataSource, { retry: { maxAttempts: 1 } });
      const error = await rejection(unitOfWork.run((manager) => debit(manager)));
      expect(readPhase(error)).toBe('in-transaction');
      expect(await readBalance(server.url)).toBe(100);
    });

    it('is replaced, and the work run again', async () => {
      await using source = await openSource(server.url);
      endBeforeCommit(source.dataSource);
      let attempts = 0;
      await createUnitOfWork(source.dataSource, { ...QUICK, witness: false }).run((manager) => {
        attempts += 1;
        return debit(manager);
      });
      expect(attempts).toBe(2);
      expect(await readBalance(server.url)).toBe(90);
    });
  });

  it('tells a COMMIT that was refused as that, in whichever language the server speaks', async () => {
    await withClient(server.url, (client) =>
      client.query('CREATE TABLE child (account int REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED)'),
    );
    await using proxy = await openTranslatingProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url));
    const unitOfWork = createUnitOfWork(source.dataSource, { ...QUICK, witness: false });
    const error = await rejection(
      unitOfWork.run((manager) => manager.query('INSERT INTO child VALUES (99)')),
    );
    expect(proxy.translated).toBe(1);
    expect(error).toMatchObject({ driverError: { code: '23503', severity: 'FEHLER' } });
  });

  it('does not become one that writes by SET TRANSACTION, where the work only reads', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url));
    const fault = breakOnce(proxy, isCommit, 'cut-after');
    const error = await rejection(
      createUnitOfWork(source.dataSource, QUICK).run(
        async (manager) => {
          await manager.query('SET TRANSACTION READ WRITE');
          await debit(manager);
        },
        { readOnly: true },
      ),
    );
    expect(error).toMatchObject({ driverError: { code: 'TRANSACTION_CONTROL' } });
    // It would have been run again after its COMMIT was lost, which it had never been meant to write with.
    expect(fault.done).toBe(false);
    expect(await readBalance(server.url)).toBe(100);
  });

  it('takes a COPY after a first statement, each time', async () => {
    await withClient(server.url, (client) => client.query('CREATE TABLE bulk (id int)'));
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource, QUICK);
    const copy = async (manager: EntityManager) => {
      await manager.query('SELECT 1');
      const client = await manager.queryRunner?.connect();
      const stream: ReturnType<typeof copyFrom> = client.query(copyFrom('COPY bulk FROM STDIN'));
      await new Promise<void>((resolve, reject) => {
        stream.once('finish', resolve);
        stream.once('error', reject);
        stream.end('1\n');
      });
    };
    for (let time = 0; time < 100; time += 1) await unitOfWork.run(copy, { wasApplied: async () => true });
    const [{ count }] = await source.dataSource.query('SELECT count(*)::int AS count FROM bulk');
    expect(count).toBe(100);
  });

  it('sends what a subscriber does before the transaction starts', async () => {
    await using source = await openSource(server.url);
    const heard: unknown[] = [];
    addSubscriber(source.dataSource, {
      async beforeTransactionStart({ queryRunner }) {
        heard.push(await queryRunner.query(`INSERT INTO transfers VALUES ('audit', 1) RETURNING id`));
      },
    });
    const unitOfWork = createUnitOfWork(source.dataSource, QUICK);
    await rejection(
      unitOfWork.run(async (manager) => {
        await debit(manager);
        throw new Error('no');
      }),
    );
    expect(heard).toEqual([[{ id: 'audit' }]]);
    const kept = await withClient(server.url, (client) => client.query('SELECT id FROM transfers'));
    // It stands outside of the transaction that was rolled back.
    expect(kept.rows).toEqual([{ id: 'audit' }]);
    expect(await readBalance(server.url)).toBe(100);
  });

  describe("of a role with limits of its own, which are shorter than the deadline's", () => {
    const LIMITS = { statement_timeout: '1s', transaction_timeout: '5s' };
    const alterRole = async (change: (name: string, value: string) => string) => {
      for (const [name, value] of Object.entries(LIMITS)) {
        await withClient(server.url, (client) =>
          client.query(`ALTER ROLE CURRENT_USER ${change(name, value)}`),
        );
      }
    };
    const readLimits = async (manager: EntityManager) => {
      const [limits] = await manager.query(`
        SELECT current_setting('statement_timeout') AS statement_timeout,
               current_setting('transaction_timeout') AS transaction_timeout
      `);
      return limits;
    };

    it('keeps them', async () => {
      await alterRole((name, value) => `SET ${name} = '${value}'`);
      try {
        await using source = await openSource(server.url);
        const unitOfWork = createUnitOfWork(source.dataSource);
        expect(await unitOfWork.run(readLimits, { deadline: 60_000 })).toEqual(LIMITS);
      } finally {
        await alterRole((name) => `RESET ${name}`);
      }
    });

    it('has the longer ones of the deadline, where the role has none', async () => {
      await using source = await openSource(server.url);
      const limits = await createUnitOfWork(source.dataSource).run(readLimits, { deadline: 60_000 });
      expect(Object.values(limits)).not.toEqual(expect.arrayContaining(Object.values(LIMITS)));
    });
  });
});

describe('the witness of a unit of work', () => {
  it('follows to another server', async () => {
    await using first = await openTemporaryServer();
    await using second = await openTemporaryServer();
    let { port } = first;
    await using proxy = await openProxy(() => port);
    await using source = await openSource(proxy.urlThrough(first.url), { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource, QUICK);
    let isWatched = false;
    proxy.onMessage(({ text }) => {
      isWatched ||= text?.includes('pg_current_xact_id') ?? false;
    });
    const readPort = async (): Promise<number> => {
      const [row] = await unitOfWork.run((manager) =>
        manager.query(`SELECT current_setting('port')::int AS port`),
      );
      return row.port;
    };
    await until(async () => (await readPort()) === first.port && isWatched);
    // The name leads elsewhere and the pool's connection ends; the first server, and the witness on it, live on.
    port = second.port;
    await source.dataSource.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
    await until(async () => (await readPort()) === second.port);
    isWatched = false;
    await until(async () => {
      await readPort();
      return isWatched;
    });
    expect(isWatched).toBe(true);
  });
});
