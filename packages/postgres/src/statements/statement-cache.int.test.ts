import { openProxy, openTemporaryServer } from '@holdfast/local-postgres';
import pg from 'pg';
import { createPostgresEmitter, type OperationEvent } from '../events/postgres-events';
import { prepare, readHeldTexts, readNotedTexts } from '../test/prepared-statements';
import { openPool, rejection } from '../test/settings';
import { CUSTOM_PLAN } from './custom-plan';

describe('statements by name', () => {
  let server: Awaited<ReturnType<typeof openTemporaryServer>>;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  /** Runs work on one connection and tells what went over the wire meanwhile. */
  async function count(
    options: { maxPreparedStatements?: number },
    work: (client: pg.PoolClient) => Promise<void>,
  ) {
    await using proxy = await openProxy({ port: server.port });
    await using pool = openPool(proxy.urlThrough(server.url), { max: 1 }, options);
    const client = await pool.acquire();
    proxy.resetCounts();
    try {
      await work(client);
      return { ...proxy.counts, held: await readHeldTexts(client), noted: readNotedTexts(client) };
    } finally {
      client.release();
    }
  }

  describe('what they cost', () => {
    const text = 'SELECT $1::int + 1 AS next';
    const executeTwentyTimes = async (client: pg.PoolClient) => {
      for (let value = 0; value < 20; value += 1) {
        const { rows } = await client.query(text, [value]);
        expect(rows).toEqual([{ next: value + 1 }]);
      }
    };

    it('is one Parse from the second use on, and a round trip for each execution', async () => {
      const { frontend, roundTrips, held } = await count({}, executeTwentyTimes);
      // The first use is unnamed; the second closes whatever has its name, and prepares it.
      expect(frontend).toEqual({ P: 2, C: 1, B: 20, D: 2, E: 20, S: 20 });
      expect(roundTrips).toBe(20);
      expect(held).toEqual([text]);
    });

    it('is no Describe where the columns are known, which the answer tells all the same', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const client = await pool.acquire();
      const { fields } = await client.query(text, [1]);
      for (let value = 0; value < 4; value += 1) {
        const answer = await client.query(text, [value]);
        expect(answer.fields).toEqual(fields);
        expect(answer.rows).toEqual([
          Object.fromEntries(fields.map(({ name }) => [name, expect.anything()])),
        ]);
        // What a caller does with them is nobody else's business.
        for (const field of answer.fields) field.name = 'changed';
        answer.fields.length = 0;
      }
      client.release();
    });

    it('is a Parse for each execution where no statement may be held', async () => {
      const { frontend, held } = await count({ maxPreparedStatements: 0 }, executeTwentyTimes);
      expect(frontend).toEqual({ P: 20, B: 20, D: 20, E: 20, S: 20 });
      expect(held).toEqual([]);
    });

    it('is one Parse for each further connection of the pool', async () => {
      await using proxy = await openProxy({ port: server.port });
      await using pool = openPool(proxy.urlThrough(server.url), { max: 3 });
      const clients = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
      proxy.resetCounts();
      for (const client of clients) {
        await client.query(text, [1]);
        await client.query(text, [1]);
      }
      expect(proxy.counts.frontend).toMatchObject({ P: 4, B: 6 });
      for (const client of clients) client.release();
    });
  });

  describe('their number', () => {
    const textOf = (index: number) => `SELECT $1::int + ${index} AS sum`;
    const useTwice = async (client: pg.PoolClient, index: number) => {
      for (const value of [1, 2]) {
        const { rows } = await client.query(textOf(index), [value]);
        expect(rows).toEqual([{ sum: value + index }]);
      }
    };

    it('is bounded on the server and here, however many are used', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const client = await pool.acquire();
      for (let index = 0; index < 10_000; index += 1) await useTwice(client, index);
      const held = await readHeldTexts(client);
      expect(held).toHaveLength(256);
      expect(readNotedTexts(client)).toEqual(held);
      expect(held).toContain(textOf(9_999));
      client.release();
    });

    it('is kept by closing the least recently used, without a round trip', async () => {
      const { frontend, roundTrips, held, noted } = await count(
        { maxPreparedStatements: 2 },
        async (client) => {
          await useTwice(client, 1);
          await useTwice(client, 2);
          await client.query(textOf(1), [1]);
          await useTwice(client, 3);
        },
      );
      expect(held).toEqual([textOf(1), textOf(3)]);
      expect(noted).toEqual(held);
      expect(frontend).toMatchObject({ P: 6, C: 4, S: 7 });
      expect(roundTrips).toBe(7);
    });

    it('is not touched by statements that are used once', async () => {
      const { frontend, held } = await count({ maxPreparedStatements: 3 }, async (client) => {
        for (const index of [1, 2, 3]) await useTwice(client, index);
        for (let index = 100; index < 400; index += 1) await client.query(textOf(index), [1]);
        for (const index of [1, 2, 3]) await useTwice(client, index);
      });
      expect(held).toEqual([1, 2, 3].map(textOf));
      expect(frontend).toMatchObject({ P: 6 + 300, C: 3 });
    });

    it('pushes others out by statements that are used twice', async () => {
      const { frontend } = await count({ maxPreparedStatements: 3 }, async (client) => {
        for (const index of [1, 2, 3]) await useTwice(client, index);
        for (let index = 100; index < 400; index += 1) await useTwice(client, index);
        for (const index of [1, 2, 3]) await useTwice(client, index);
      });
      expect(frontend).toMatchObject({ P: 6 + 600 + 3 });
    });
  });

  describe('are not given', () => {
    it.each([
      ['a statement without values', 'SELECT 1 AS one', []],
      ['a text of more than 16 384 characters', `SELECT $1::int /* ${'x'.repeat(16_384)} */`, [1]],
      ['a statement that asks for a plan of its own', `/* ${CUSTOM_PLAN} */ SELECT $1::int`, [1]],
    ])('to %s', async (_case, text, values) => {
      const { held } = await count({}, async (client) => {
        for (let use = 0; use < 4; use += 1) await client.query(text, values);
      });
      expect(held).toEqual([]);
    });
  });

  it('are told of in the event of an operation', async () => {
    const events = createPostgresEmitter();
    await using pool = openPool(server.url, { max: 1 }, { events });
    const operations: OperationEvent[] = [];
    events.on('operation', (event) => operations.push(event));
    for (let use = 0; use < 3; use += 1) await pool.query('SELECT $1::int AS told', [use]);
    expect(operations.map(({ isPrepared }) => isPrepared)).toEqual([false, true, true]);
  });

  describe('failing', () => {
    const unsendable = {
      toPostgres() {
        throw new Error('This cannot be sent');
      },
    };

    it('by a value that cannot be sent leaves the connection and the statement in order', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const client = await pool.acquire();
      const text = 'SELECT $1::text AS value';
      await client.query(text, ['a']);
      // Not prepared yet, and prepared.
      for (const round of [1, 2]) {
        expect((await rejection(client.query(text, [unsendable]))).message).toBe('This cannot be sent');
        expect((await client.query(text, [round])).rows).toEqual([{ value: String(round) }]);
        expect(await readHeldTexts(client)).toEqual([text]);
        expect(readNotedTexts(client)).toEqual([text]);
      }
      // Where a statement that is missing would not be prepared anew in silence.
      await client.query('BEGIN');
      await rejection(client.query(text, [unsendable]));
      expect((await client.query(text, ['c'])).rows).toEqual([{ value: 'c' }]);
      await client.query('COMMIT');
      client.release();
    });

    it('by such a value leaves a statement that was named by hand broken', async () => {
      const client = new pg.Client(server.url);
      await client.connect();
      const query = { name: 'by_hand', text: 'SELECT $1::text AS value' };
      await rejection(client.query({ ...query, values: [unsendable] }));
      expect(await rejection(client.query({ ...query, values: ['b'] }))).toMatchObject({ code: '26000' });
      await client.end();
    });

    it('tells who called, and what the server said', async () => {
      await using pool = openPool(server.url, { max: 1 });
      const client = await pool.acquire();
      const text = 'SELECT 1 / $1::int AS ratio';
      await prepare(client, text, [1]);
      async function divideByZero() {
        await client.query(text, [0]);
      }
      const error = await rejection(divideByZero());
      expect(error).toBeInstanceOf(pg.DatabaseError);
      expect(error).toMatchObject({ code: '22012' });
      expect(error.stack).toContain('divideByZero');
      expect(await readHeldTexts(client)).toEqual([text]);
      client.release();
    });

    it('at preparing is not held', async () => {
      const events = createPostgresEmitter();
      await using pool = openPool(server.url, { max: 1 }, { events });
      const client = await pool.acquire();
      const text = 'SELECT $1::int FROM not_yet';
      const told: boolean[] = [];
      events.on('operation', ({ isPrepared }) => told.push(isPrepared));
      for (let use = 0; use < 3; use += 1) {
        expect(await rejection(client.query(text, [1]))).toMatchObject({ code: '42P01' });
      }
      expect(told).toEqual([false, false, false]);
      expect(readNotedTexts(client)).toEqual([]);
      await client.query('CREATE TEMP TABLE not_yet ()');
      await expect(client.query(text, [1])).resolves.toMatchObject({ rowCount: 0 });
      expect(await readHeldTexts(client)).toEqual([text]);
      client.release();
    });
  });
});
