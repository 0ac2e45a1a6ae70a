import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { appendEvents } from './append';
import type { NewEvent } from './append-request';

describe('an append', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
  });

  afterEach(() => jest.restoreAllMocks());

  afterAll(() => database.close());

  const keyed = (idempotencyKey: string): NewEvent => ({
    eventType: 'account.opened',
    payload: {},
    idempotencyKey,
  });
  const append = (
    manager: EntityManager,
    aggregateId: string,
    expectedVersion: number,
    ...events: NewEvent[]
  ) => appendEvents(manager, { aggregateType: 'account', aggregateId, expectedVersion, events });
  const countEvents = async (aggregateId: string): Promise<number> => {
    const [row] = await database.dataSource.query(
      'select count(*)::integer as n from events where aggregate_id = $1',
      [aggregateId],
    );
    return row.n;
  };
  /** Begins statements of the DataSource, as they are sent. */
  const recordStatements = (): string[] => {
    const sent: string[] = [];
    jest.spyOn(database.dataSource.logger, 'logQuery').mockImplementation((query) => {
      sent.push(query.trim().split(/\s+/).slice(0, 2).join(' ').toLowerCase());
    });
    return sent;
  };

  it('in a transaction gives the earlier result for a used key, and the transaction goes on', async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    const first = await append(database.dataSource.manager, id, 0, keyed('a'));
    const repeated = await database.dataSource.transaction(async (manager) => {
      const result = await append(manager, id, 1, keyed('a'));
      await append(manager, other, 0, keyed('b'));
      return result;
    });
    expect(repeated).toEqual({ appended: false, events: first.events });
    expect(await countEvents(other)).toBe(1);
  });

  it('in a transaction that lost a race says so, and the transaction goes on', async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    await database.dataSource
      .transaction(async (winner) => {
        await append(winner, id, 0, keyed('winner'));
        const loser = database.dataSource.transaction(async (manager) => {
          await append(manager, other, 0, keyed('before'));
          await expect(append(manager, id, 0, keyed('loser'))).rejects.toMatchObject({
            code: 'HOLDFAST_VERSION_CONFLICT',
          });
          await append(manager, other, 1, keyed('after'));
        });
        // The loser has to wait for the unique index, and so has written what came before.
        await waitUntilBlocked();
        return { loser };
      })
      .then(({ loser }) => loser);
    expect(await countEvents(id)).toBe(1);
    expect(await countEvents(other)).toBe(2);
  });

  /** Another session waits for a transaction to end. */
  async function waitUntilBlocked(): Promise<void> {
    const blocked = `
      select 1
      from pg_locks l
      join pg_stat_activity a on a.pid = l.pid and a.datname = current_database()
      where not l.granted and l.locktype = 'transactionid'`;
    while ((await database.dataSource.query(blocked)).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('in a transaction leaves it usable after a value that cannot be stored', async () => {
    const id = randomUUID();
    await database.dataSource.transaction(async (manager) => {
      const broken = { eventType: 'account.opened', payload: { text: 'a\u0000b' } };
      await expect(append(manager, id, 0, broken)).rejects.toMatchObject({ code: 'HOLDFAST_INVALID_APPEND' });
      await append(manager, id, 0, keyed('a'));
    });
    expect(await countEvents(id)).toBe(1);
  });

  it('in a transaction is undone with it', async () => {
    const id = randomUUID();
    const undone = new Error('undone');
    const work = database.dataSource.transaction(async (manager) => {
      await append(manager, id, 0, keyed('a'));
      throw undone;
    });
    await expect(work).rejects.toBe(undone);
    expect(await countEvents(id)).toBe(0);
  });

  it('in a transaction leaves no savepoint behind', async () => {
    const id = randomUUID();
    await database.dataSource.transaction(async (manager) => {
      const sent = recordStatements();
      await append(manager, id, 0, keyed('a'));
      expect(sent).toEqual(['savepoint holdfast_append', 'insert into', 'release savepoint']);
      sent.length = 0;
      await append(manager, id, 1, keyed('a'));
      expect(sent.slice(0, 4)).toEqual([
        'savepoint holdfast_append',
        'insert into',
        'rollback to',
        'release savepoint',
      ]);
    });
  });

  it('outside of a transaction is one statement', async () => {
    const sent = recordStatements();
    await append(database.dataSource.manager, randomUUID(), 0, keyed('a'));
    expect(sent).toEqual(['insert into']);
  });
});
