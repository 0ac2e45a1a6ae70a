import { openTemporaryServer } from '@holdfast/local-postgres';
import pg from 'pg';
import { prepare, readHeldTexts, readNotedTexts } from '../test/prepared-statements';
import { openPool, rejection } from '../test/settings';
import { deriveName } from './seen-texts';

/** DEALLOCATE ALL where no command tag tells of it. */
const FORGET = 'SELECT forget_statements()';

describe('a statement that the server does not hold any more as it was', () => {
  let server: Awaited<ReturnType<typeof openTemporaryServer>>;
  let other: ReturnType<typeof openPool>;

  beforeAll(async () => {
    server = await openTemporaryServer();
    other = openPool(server.url, { max: 1 });
    await other.query(`
      CREATE FUNCTION forget_statements() RETURNS void LANGUAGE plpgsql
      AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$
    `);
  });

  afterAll(async () => {
    await other?.end();
    await server?.stop();
  });

  beforeEach(async () => {
    await other.query(`
      DROP TABLE IF EXISTS item, log;
      DROP SEQUENCE IF EXISTS turn;
      CREATE TABLE item (id int, name text);
      INSERT INTO item VALUES (1, 'one');
      CREATE TABLE log (entry int);
      CREATE SEQUENCE turn;
    `);
  });

  const text = 'SELECT * FROM item WHERE id = $1';
  const before = [{ id: 1, name: 'one' }];
  const after = [{ id: 1, name: 'one', size: 1 }];
  const widen = 'ALTER TABLE item ADD COLUMN size int NOT NULL DEFAULT 1';

  async function withClient(work: (client: pg.PoolClient) => Promise<void>) {
    await using pool = openPool(server.url, { max: 1 });
    const client = await pool.acquire();
    try {
      await prepare(client, text, [1]);
      await work(client);
    } finally {
      client.release();
    }
  }

  /** What befalls who names statements by hand. */
  async function withPlainClient(work: (client: pg.Client, use: () => Promise<unknown[]>) => Promise<void>) {
    const client = new pg.Client(server.url);
    await client.connect();
    const use = async () => (await client.query({ name: deriveName(text), text, values: [1] })).rows;
    try {
      await work(client, use);
    } finally {
      await client.end();
    }
  }

  describe('outside a transaction', () => {
    it('is prepared anew when it was deallocated', async () => {
      await withClient(async (client) => {
        await client.query(FORGET);
        expect((await client.query(text, [1])).rows).toEqual(before);
        expect(await readHeldTexts(client)).toEqual([text]);
        expect(readNotedTexts(client)).toEqual([text]);
      });
      await withPlainClient(async (client, use) => {
        await use();
        await client.query(FORGET);
        expect(await rejection(use())).toMatchObject({ code: '26000' });
      });
    });

    it('is prepared anew when somebody else has changed its columns', async () => {
      await withClient(async (client) => {
        await other.query(widen);
        expect((await client.query(text, [1])).rows).toEqual(after);
        expect((await client.query(text, [1])).rows).toEqual(after);
      });
      await withPlainClient(async (_client, use) => {
        await use();
        await other.query('ALTER TABLE item DROP COLUMN size');
        for (let attempt = 0; attempt < 2; attempt += 1) {
          expect(await rejection(use())).toMatchObject({ code: '0A000', routine: 'RevalidateCachedQuery' });
        }
      });
    });

    it('takes the place of what has taken its name, in a transaction as well', async () => {
      const impostor = `PREPARE ${deriveName(text)} (int) AS SELECT 'impostor' AS name WHERE $1 > 0`;
      await withClient(async (client) => {
        await client.query('DEALLOCATE ALL');
        await client.query(impostor);
        expect((await client.query(text, [1])).rows).toEqual(before);
      });
      await using pool = openPool(server.url, { max: 1 });
      const client = await pool.acquire();
      await client.query(text, [1]);
      await client.query(impostor);
      await client.query('BEGIN');
      expect((await client.query(text, [1])).rows).toEqual(before);
      await client.query('COMMIT');
      client.release();
      await withPlainClient(async (client, use) => {
        await client.query(impostor);
        expect(await rejection(use())).toMatchObject({ code: '42P05' });
      });
    });

    it('is repeated in front of those that wait', async () => {
      await withClient(async (client) => {
        const turn = `SELECT nextval('turn')::int AS turn, $1::text AS who`;
        await prepare(client, turn, ['warm']);
        await client.query(`SELECT setval('turn', 1, false)`);
        await client.query(FORGET);
        const answers = await Promise.all([
          client.query(turn, ['first']),
          client.query('BEGIN'),
          client.query(turn, ['second']),
        ]);
        expect(answers.map(({ rows }) => rows)).toEqual([
          [{ turn: 1, who: 'first' }],
          [],
          [{ turn: 2, who: 'second' }],
        ]);
        await client.query('ROLLBACK');
      });
    });

    it('is repeated only once, and not when the server had begun to execute it', async () => {
      await other.query(`
        CREATE OR REPLACE PROCEDURE log_and_fail(entry int) LANGUAGE plpgsql
        AS $$ BEGIN INSERT INTO log VALUES (entry); COMMIT; EXECUTE 'EXECUTE nothing'; END $$
      `);
      await withClient(async (client) => {
        for (const entry of [1, 2, 3]) {
          expect(await rejection(client.query('CALL log_and_fail($1)', [entry]))).toMatchObject({
            code: '26000',
          });
        }
      });
      const { rows } = await other.query('SELECT entry FROM log ORDER BY entry');
      expect(rows).toEqual([{ entry: 1 }, { entry: 2 }, { entry: 3 }]);
    });
  });

  describe('inside a transaction', () => {
    it.each([
      ['was deallocated', '26000', (client: pg.PoolClient) => client.query(FORGET), before],
      ['has other columns', '0A000', () => other.query(widen), after],
    ])('that %s fails, and works in the next one', async (_case, code, befall, rows) => {
      await withClient(async (client) => {
        await befall(client);
        await client.query('BEGIN');
        expect(await rejection(client.query(text, [1]))).toMatchObject({ code });
        expect(await rejection(client.query(text, [1]))).toMatchObject({ code: '25P02' });
        await client.query('ROLLBACK');
        await client.query('BEGIN');
        expect((await client.query(text, [1])).rows).toEqual(rows);
        expect((await client.query(text, [1])).rows).toEqual(rows);
        await client.query('COMMIT');
        expect(await readHeldTexts(client)).toEqual([text]);
      });
    });

    it('fails one transaction, whichever connection runs the next one', async () => {
      await using pool = openPool(server.url, { max: 3 });
      const clients = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
      const second = 'SELECT name, * FROM item WHERE id = $1';
      for (const client of clients) {
        await prepare(client, text, [1]);
        await prepare(client, second, [1]);
      }
      await other.query(widen);
      const codes: (string | undefined)[] = [];
      for (const client of clients) {
        for (const statement of [text, second]) {
          await client.query('BEGIN');
          const code = await client.query(statement, [1]).then(
            () => undefined,
            (error: pg.DatabaseError) => error.code,
          );
          codes.push(code);
          await client.query('ROLLBACK');
        }
        client.release();
      }
      expect(codes).toEqual(['0A000', undefined, undefined, undefined, undefined, undefined]);
    });

    it('is never moved out of it, nor into it, in a pipeline', async () => {
      await withClient(async (client) => {
        await client.query(FORGET);
        Object.assign(client, { pipeline: true });
        const answers = await Promise.allSettled([
          client.query('BEGIN'),
          client.query(text, [1]),
          client.query('INSERT INTO log VALUES ($1)', [1]),
          client.query('ROLLBACK'),
          client.query(text, [1]),
        ]);
        expect(
          answers.map((answer) => (answer.status === 'fulfilled' ? 'done' : answer.reason.code)),
        ).toEqual([
          'done',
          '26000',
          '25P02',
          'done',
          // Its predecessor was still to tell that it is not held.
          '26000',
        ]);
        expect((await client.query(text, [1])).rows).toEqual(before);
        Object.assign(client, { pipeline: false });
        expect(await readHeldTexts(client)).toEqual([text]);
        expect(readNotedTexts(client)).toEqual([text]);
      });
    });

    it('is not noticed where this connection has changed the schema itself', async () => {
      await withClient(async (client) => {
        await client.query('BEGIN');
        await client.query(widen);
        expect((await client.query(text, [1])).rows).toEqual(after);
        await client.query('ROLLBACK');
        await client.query('BEGIN');
        expect((await client.query(text, [1])).rows).toEqual(before);
        await client.query('COMMIT');
      });
      await withPlainClient(async (client, use) => {
        await use();
        await client.query('BEGIN');
        await client.query(widen);
        expect(await rejection(use())).toMatchObject({ code: '0A000' });
      });
    });

    it.each(['DISCARD ALL', 'DEALLOCATE ALL', `DEALLOCATE ${deriveName(text)}`])(
      'is not noticed after this connection has said %s',
      async (statement) => {
        await withClient(async (client) => {
          await client.query(statement);
          await client.query('BEGIN');
          expect((await client.query(text, [1])).rows).toEqual(before);
          await client.query('COMMIT');
          expect(await readHeldTexts(client)).toEqual([text]);
          expect(readNotedTexts(client)).toEqual([text]);
        });
      },
    );

    it('is no longer believed by node-postgres either, whoever has named it', async () => {
      await withClient(async (client) => {
        const mine = { name: 'mine', text: 'SELECT $1::int AS one', values: [1] };
        await client.query(mine);
        await client.query('DISCARD ALL');
        expect((await client.query(mine)).rows).toEqual([{ one: 1 }]);
      });
    });
  });

  it('leaves nothing behind that is not counted when the schema changes again and again', async () => {
    await using pool = openPool(server.url, { max: 1 }, { maxPreparedStatements: 5 });
    const client = await pool.acquire();
    for (let round = 0; round < 40; round += 1) {
      await prepare(client, `SELECT $1::int + ${round} AS sum`, [1]);
      await client.query('CREATE TEMP TABLE IF NOT EXISTS scratch ()');
    }
    await prepare(client, text, [1]);
    expect(await readHeldTexts(client)).toEqual([text]);
    expect(readNotedTexts(client)).toEqual([text]);
    client.release();
  });
});
