import { openTemporaryServer } from '@holdfast/local-postgres';
import fc from 'fast-check';
import pg from 'pg';
import { readHeldTexts, readNotedTexts } from '../test/prepared-statements';
import { openPool } from '../test/settings';
import { readStaleness } from './stale-statement';

const MAX = 3;

const TEXTS = [
  'SELECT * FROM item WHERE id = $1',
  'SELECT * FROM item WHERE id >= $1 ORDER BY id',
  'INSERT INTO item (id) VALUES ($1) RETURNING *',
  'UPDATE item SET id = id + 10 WHERE id = $1 RETURNING *',
  'DELETE FROM item WHERE id = $1',
  'SELECT 100 / $1::int AS ratio',
  'SELECT extra FROM item WHERE id = $1',
  'SELECT * FROM scratch WHERE id = $1',
  'SELEC $1',
  `SELECT extract(epoch FROM timestamptz '2024-01-01')::int + $1::int AS midnight`,
  `SELECT '03/04/2024'::date::text AS day, $1::int`,
];

/** What the connection itself does; TypeORM sends such statements without values. */
const SIMPLE = [
  'BEGIN',
  'BEGIN',
  'BEGIN',
  'ROLLBACK',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT mark',
  'ROLLBACK TO mark',
  'DISCARD ALL',
  `SET TIME ZONE 'Asia/Tokyo'`,
  `SET LOCAL TIME ZONE 'America/Lima'`,
  `SET datestyle = 'ISO, DMY'`,
  'DEALLOCATE ALL',
  'ALTER TABLE item ADD COLUMN extra int DEFAULT 7',
  'ALTER TABLE item DROP COLUMN extra',
  'ALTER TABLE item ALTER COLUMN id TYPE bigint',
  'ALTER TABLE item ALTER COLUMN id TYPE int',
  'CREATE TEMP TABLE scratch (id int, made text DEFAULT $$here$$)',
  'DROP TABLE scratch',
];

/** What makes statements stale without a command tag on this connection. */
const UNSEEN = [
  'ALTER TABLE item ADD COLUMN IF NOT EXISTS other text',
  'ALTER TABLE item DROP COLUMN IF EXISTS other',
  'forget',
];

type Use = { readonly kind: 'use'; readonly text: string; readonly value: unknown };
type Step =
  | Use
  | { readonly kind: 'simple'; readonly text: string }
  | { readonly kind: 'unseen'; readonly text: string }
  | { readonly kind: 'flight'; readonly uses: readonly Use[] };

const anyUse: fc.Arbitrary<Use> = fc.record({
  kind: fc.constant('use'),
  text: fc.constantFrom(...TEXTS),
  value: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 4 }) },
    { weight: 1, arbitrary: fc.constantFrom('not a number', null) },
    { weight: 1, arbitrary: fc.constant({ toPostgres: unsendable }) },
  ),
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: anyUse },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('simple'), text: fc.constantFrom(...SIMPLE) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('unseen'), text: fc.constantFrom(...UNSEEN) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('flight'),
      uses: fc.array(anyUse, { minLength: 2, maxLength: 8 }),
    }),
  },
);

/** The one way in which names may show. */
const STUMBLE: Step[] = [
  { kind: 'use', text: 'SELECT * FROM item WHERE id = $1', value: 1 },
  { kind: 'use', text: 'SELECT * FROM item WHERE id = $1', value: 1 },
  { kind: 'unseen', text: 'forget' },
  { kind: 'simple', text: 'BEGIN' },
  { kind: 'use', text: 'SELECT * FROM item WHERE id = $1', value: 1 },
];

function unsendable(): never {
  throw Object.assign(new Error('This cannot be sent'), { code: 'UNSENDABLE' });
}

type Client = Pick<pg.ClientBase, 'query'>;

/** What a caller learns: rows, or why there are none. */
async function answer(client: Client, text: string, values?: unknown[]) {
  try {
    const { rows, rowCount, command } = await client.query(text, values);
    return { rows, rowCount, command, isStale: false };
  } catch (error) {
    return { code: (error as { readonly code: string }).code, isStale: readStaleness(error) !== undefined };
  }
}

describe('statements by name', () => {
  let server: Awaited<ReturnType<typeof openTemporaryServer>>;

  beforeAll(async () => {
    server = await openTemporaryServer();
    const admin = new pg.Client(server.adminUrl);
    await admin.connect();
    await admin.query('CREATE DATABASE model');
    await admin.end();
  });

  afterAll(() => server?.stop());

  it('answer as unnamed ones do, whatever happens to the schema, the session and the transaction', async () => {
    const modelUrl = Object.assign(new URL(server.url), { pathname: '/model' }).href;
    const sides = [server.url, modelUrl].map((url) => new pg.Client(url));
    await Promise.all(sides.map((side) => side.connect()));
    const onBothSides = (text: string) => Promise.all(sides.map((side) => side.query(text)));
    await onBothSides(`
      CREATE FUNCTION forget() RETURNS void LANGUAGE plpgsql
      AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$
    `);
    const met = new Map<string, number>();
    const meet = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);

    const check = async (steps: readonly Step[]) => {
      await onBothSides(
        'DROP TABLE IF EXISTS item; CREATE TABLE item (id int); INSERT INTO item VALUES (1), (2)',
      );
      const model = new pg.Client(modelUrl);
      await model.connect();
      await using pool = openPool(server.url, { max: 1 }, { maxPreparedStatements: MAX });
      const client = await pool.acquire();
      /** Whether something unseen has happened that a statement may still stumble over. */
      let mayStumble = false;
      const compare = async (text: string, values?: unknown[]) => {
        const isIdle = model.getTransactionStatus() === 'I';
        const actual = await answer(client, text, values);
        const expected = await answer(model, text, values);
        if (mayStumble && !isIdle && actual.isStale) {
          meet('stumbled');
          mayStumble = false;
          await Promise.all([client.query('ROLLBACK'), model.query('ROLLBACK')]);
        } else {
          expect(actual).toEqual(expected);
        }
      };
      try {
        for (const step of steps) {
          // Such a value is told before the server is ready again.
          await Promise.all([client.query(''), model.query('')]);
          expect(client.getTransactionStatus()).toBe(model.getTransactionStatus());
          const isIdle = model.getTransactionStatus() === 'I';
          if (step.kind === 'use') {
            await compare(step.text, [step.value]);
          } else if (step.kind === 'simple') {
            // The lease refuses to commit a transaction that has failed.
            const text =
              model.getTransactionStatus() === 'E' && step.text === 'COMMIT' ? 'ROLLBACK' : step.text;
            await compare(text);
          } else if (step.kind === 'unseen') {
            if (!isIdle) continue;
            if (step.text === 'forget') await client.query('SELECT forget()');
            else await onBothSides(step.text);
            mayStumble = true;
            meet('unseen');
          } else {
            if (!isIdle) continue;
            await client.query('DEALLOCATE ALL');
            mayStumble = false;
            meet('flight');
            const uses = [...step.uses];
            Object.assign(client, { pipeline: true });
            const actual = await Promise.all(uses.map(({ text, value }) => answer(client, text, [value])));
            // A value that cannot be sent is told at once, and everything must be answered before the mode changes.
            await client.query('');
            Object.assign(client, { pipeline: false });
            for (const [index, { text, value }] of uses.entries()) {
              expect(actual[index]).toEqual(await answer(model, text, [value]));
            }
          }
        }
        await client.query('ROLLBACK');
        const held = await readHeldTexts(client);
        // As many again may wait for the next statement to close them.
        expect(held.length).toBeLessThanOrEqual(2 * MAX);
        expect(readNotedTexts(client).length).toBeLessThanOrEqual(2 * MAX);
        if (held.length > 0) meet('held');
      } finally {
        client.release();
        await model.end();
      }
    };

    try {
      await fc.assert(fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 60 }), check), {
        numRuns: 80,
        examples: [[STUMBLE]],
      });
      for (const what of ['held', 'unseen', 'stumbled', 'flight']) expect(met.get(what)).toBeGreaterThan(0);
    } finally {
      await Promise.all(sides.map((side) => side.end()));
    }
  });
});
