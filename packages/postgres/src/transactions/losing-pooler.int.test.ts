import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import type { EntityManager } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import type { TransactionEvent } from '../events/postgres-events';
import { openLosingPooler } from '../test/losing-pooler';
import { rejection } from '../test/settings';
import { createTables, openSource, readBalance, resetTables } from '../test/transfers';
import type { LastWrite } from './last-write';
import type { Transaction } from './transaction';
import { createUnitOfWork } from './unit-of-work';

describe('last writes whose server a pooler has lost, as it says itself', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  const DEBIT = 'UPDATE accounts SET balance = balance - 10 WHERE id = 1';

  async function run(options: { readonly witness: boolean }) {
    const pooler = await openLosingPooler(server);
    const source = await openSource(pooler.urlThrough(server.url), { min: 1, max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource, { ...options, retry: { baseDelayMs: 1 } });
    // A transaction is watched from the first one on that begins when the witness is there.
    do await unitOfWork.run((manager) => manager.query('SELECT 1'));
    while (options.witness && !pooler.hasPassed('pg_current_xact_id'));
    const events: TransactionEvent[] = [];
    readEvents(source.dataSource).on('transaction', (event) => events.push(event));
    let write: LastWrite | undefined;
    const work = async (manager: EntityManager, { commitWith }: Transaction): Promise<void> => {
      await manager.query('SELECT balance FROM accounts WHERE id = 1 FOR UPDATE');
      write = commitWith(DEBIT);
    };
    pooler.loseAfter(DEBIT);
    return {
      events,
      ended: unitOfWork.run(work),
      readWrite: () => write,
      async [Symbol.asyncDispose]() {
        await source[Symbol.asyncDispose]();
        await pooler[Symbol.asyncDispose]();
      },
    };
  }

  it('are looked up, and not taken for refused and done again', async () => {
    await using scene = await run({ witness: true });
    await scene.ended;
    expect(scene.events).toMatchObject([{ outcome: 'committed', attempts: 1, resolvedBy: 'witness' }]);
    expect(scene.readWrite()?.answer).toBeUndefined();
    expect(await readBalance(server.url)).toBe(90);
  });

  it('are unknown, where nothing proves what became of them', async () => {
    await using scene = await run({ witness: false });
    expect(await rejection(scene.ended)).toMatchObject({ name: 'AmbiguousOutcomeError' });
    expect(scene.events).toMatchObject([{ outcome: 'unknown', attempts: 1 }]);
    expect(scene.readWrite()?.answer).toBeUndefined();
    expect(await readBalance(server.url)).toBe(90);
  });
});
