import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { EntityManager } from 'typeorm';
import { rejection, settle } from '../test/settings';
import {
  createTables,
  debit,
  openSource,
  readBalance,
  readBalances,
  resetTables,
  withClient,
} from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';
import type { RunOptions } from './unit-of-work-options';

const ONCE = { retry: { maxAttempts: 1 } };
const UNTOUCHED = Array(10).fill(100);

describe('the BEGIN of a unit of work', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
    await withClient(server.url, (client) =>
      client.query(`
        CREATE FUNCTION forget_begin() RETURNS void LANGUAGE plpgsql
        AS $$ BEGIN EXECUTE 'DEALLOCATE hf_begin'; END $$;
        CREATE TABLE bulk (id int);
      `),
    );
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  /** One connection on which everything is prepared, and what it sends from then on. */
  async function open() {
    const proxy = await openProxy(server);
    const source = await openSource(proxy.urlThrough(server.url), { min: 1, max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource, { ...ONCE, witness: false });
    for (let use = 0; use < 3; use += 1) await unitOfWork.run((manager) => debit(manager, 9));
    await resetTables(server.url);
    proxy.resetCounts();
    return {
      proxy,
      dataSource: source.dataSource,
      unitOfWork,
      async [Symbol.asyncDispose]() {
        await source[Symbol.asyncDispose]();
        await proxy.close();
      },
    };
  }

  it('is never sent, and neither is COMMIT, where the work sends nothing', async () => {
    await using scene = await open();
    const hooks: string[] = [];
    const value = await scene.unitOfWork.run(async (_manager, { afterCommit }) => {
      afterCommit(() => hooks.push('run'));
      return 1;
    });
    expect({ value, hooks, ...scene.proxy.counts }).toMatchObject({
      value: 1,
      hooks: ['run'],
      roundTrips: 0,
    });
    await rejection(scene.unitOfWork.run(() => Promise.reject(new Error('no'))));
    expect(scene.proxy.counts.roundTrips).toBe(0);
    await scene.unitOfWork.run((manager) => debit(manager));
    expect(await readBalance(server.url)).toBe(90);
  });

  it('goes with the first of several statements, and the others together after it', async () => {
    await using scene = await open();
    await scene.unitOfWork.run((manager) =>
      Promise.all([debit(manager, 1), debit(manager, 2), debit(manager, 3)]),
    );
    // With BEGIN one, the two others, COMMIT.
    expect(scene.proxy.counts).toMatchObject({ roundTrips: 3 });
    expect(await readBalances(server.url)).toEqual([90, 90, 90, ...UNTOUCHED.slice(3)]);
  });

  it('is all that the limit of a COMMIT is for: the statement behind it may take longer', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource, { ...ONCE, commitMs: 100 });
    await unitOfWork.run(async (manager) => {
      await manager.query('SELECT pg_sleep(0.4)');
      await debit(manager);
    });
    expect(await readBalance(server.url)).toBe(90);
  });

  describe('that fails', () => {
    it('leaves what follows it to run by itself, where they are sent one behind the other (control)', async () => {
      const client = new Client({ connectionString: server.url, pipeline: true } as object);
      await client.connect();
      const results = await Promise.all([
        settle(client.query('BEGIN ISOLATION LEVEL NONE')),
        settle(client.query('UPDATE accounts SET balance = balance - 10 WHERE id = 1')),
      ]);
      await client.end();
      expect(results).toEqual([expect.objectContaining({ code: '42601' }), 'done']);
      expect(await readBalance(server.url)).toBe(90);
    });

    it('fails the work, and nothing of it is done', async () => {
      await using scene = await open();
      await scene.dataSource.query('SELECT forget_begin()');
      const failure = await rejection(scene.unitOfWork.run((manager) => debit(manager)));
      expect(failure).toMatchObject({ cause: { code: '26000' } });
      expect(await readBalances(server.url)).toEqual(UNTOUCHED);
      // The connection is as good as before.
      await scene.unitOfWork.run((manager) => debit(manager));
      expect(await readBalance(server.url)).toBe(90);
    });

    it('fails each statement, also of work that goes on as if there were a transaction', async () => {
      await using scene = await open();
      await scene.dataSource.query('SELECT forget_begin()');
      const seen: unknown[] = [];
      const failure = await rejection(
        scene.unitOfWork.run(async (manager) => {
          seen.push(...(await Promise.all([1, 2, 3].map((id) => settle(debit(manager, id))))));
          seen.push(await settle(debit(manager, 4)));
          seen.push(await settle(manager.transaction((inner) => debit(inner, 5))));
        }),
      );
      expect(seen).toHaveLength(5);
      for (const error of seen) expect(error).toMatchObject({ driverError: { code: '26000' } });
      expect(failure).toMatchObject({ cause: { code: '26000' } });
      expect(await readBalances(server.url)).toEqual(UNTOUCHED);
    });

    it('leaves nothing noted as prepared that the server did not come to', async () => {
      await using scene = await open();
      await scene.dataSource.query('SELECT forget_begin()');
      const own = { name: 'own', text: 'UPDATE accounts SET balance = $1 WHERE id = 1', values: [90] };
      const run = () =>
        scene.unitOfWork.run(async ({ queryRunner }) => {
          const client = await queryRunner?.connect();
          await client.query(own);
        });
      await rejection(run());
      await run();
      expect(await readBalance(server.url)).toBe(90);
    });

    it('is sent again by the next attempt', async () => {
      await using scene = await open();
      await scene.dataSource.query('SELECT forget_begin()');
      const unitOfWork = createUnitOfWork(scene.dataSource, { retry: { baseDelayMs: 1 }, witness: false });
      await unitOfWork.run((manager) => debit(manager));
      expect(await readBalance(server.url)).toBe(90);
    });
  });

  it('goes alone in front of what cannot share its Sync', async () => {
    await using scene = await open();
    const submitCopy = async ({ queryRunner }: EntityManager) => {
      const client = await queryRunner?.connect();
      const stream: ReturnType<typeof copyFrom> = client.query(copyFrom('COPY bulk FROM STDIN'));
      await new Promise<void>((resolve, reject) => {
        stream.once('finish', resolve);
        stream.once('error', reject);
        stream.end('1\n');
      });
    };
    const works: ((manager: EntityManager) => Promise<unknown>)[] = [
      (manager) => manager.query('INSERT INTO bulk VALUES (1); INSERT INTO bulk VALUES (1)'),
      (manager) => manager.query('CREATE TABLE more (id int); INSERT INTO bulk VALUES (1)'),
      submitCopy,
    ];
    for (const [at, work] of works.entries()) {
      await scene.unitOfWork.run(work);
      const failing = async (manager: EntityManager) => {
        await work(manager).catch(() => {});
        throw new Error('no');
      };
      await rejection(scene.unitOfWork.run(failing));
      const [{ count }] = await scene.dataSource.query('SELECT count(*)::int AS count FROM bulk');
      expect(count).toBe([2, 3, 4][at]);
    }
  });

  it('fails a stream that comes first, where it fails itself', async () => {
    await using scene = await open();
    await scene.dataSource.query('SELECT forget_begin()');
    const failure = await rejection(
      scene.unitOfWork.run(async ({ queryRunner }) => {
        const client = await queryRunner?.connect();
        const stream: ReturnType<typeof copyFrom> = client.query(copyFrom('COPY bulk FROM STDIN'));
        await new Promise((resolve, reject) => {
          stream.once('finish', resolve);
          stream.once('error', reject);
          stream.end('7\n');
        });
      }),
    );
    expect(failure).toMatchObject({ cause: { code: '26000' } });
    expect(await scene.dataSource.query('SELECT id FROM bulk WHERE id = 7')).toEqual([]);
  });

  it.each<RunOptions>([
    {},
    { isolation: 'REPEATABLE READ' },
    { isolation: 'SERIALIZABLE', deadline: 60_000 },
    { readOnly: true },
    { isolation: 'READ COMMITTED', readOnly: true, settings: { 'app.tenant': 'x' } },
  ])('brings what was asked for with %j', async (options) => {
    await using scene = await open();
    const read = (manager: EntityManager) =>
      manager.query(`
        SELECT current_setting('transaction_isolation') AS isolation,
               current_setting('transaction_read_only') AS read_only,
               current_setting('statement_timeout') <> '0' AS is_limited
      `);
    const { isolation = 'READ COMMITTED', readOnly = false, deadline } = options;
    for (let use = 0; use < 2; use += 1) {
      expect(await scene.unitOfWork.run(read, options)).toEqual([
        {
          isolation: isolation.toLowerCase(),
          read_only: readOnly ? 'on' : 'off',
          is_limited: deadline !== undefined,
        },
      ]);
    }
  });
});
