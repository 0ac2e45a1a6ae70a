import {
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { type EntityManager, QueryFailedError } from 'typeorm';
import { z } from 'zod';
import { readEvents } from '../data-source/pool-registry';
import { createRepository } from '../repository/repository';
import { runBuiltProgram } from '../test/built-program';
import { ITEM_TABLE, Item, openItems } from '../test/items';
import { rejection } from '../test/settings';
import { withClient } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { queryAs } from './query-as';
import type { RowSchema } from './row-schema';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() =>
  withClient(server.url, (client) =>
    client.query(
      `DROP TABLE IF EXISTS item; ${ITEM_TABLE}; INSERT INTO item VALUES (1, 10, 'one', 'x'), (2, 20, 'two', 'y')`,
    ),
  ),
);

const Total = z.object({ label: z.string(), size: z.int(), many: z.coerce.bigint() });
const TOTALS = 'SELECT label, size, sum(size) AS many FROM item WHERE id >= $1 GROUP BY id ORDER BY id';

async function withItems(
  work: (manager: EntityManager) => Promise<void>,
  url: string = server.url,
): Promise<void> {
  await using source = await openItems(url, { max: 1 });
  await work(source.dataSource.manager);
}

/** One statement whose parameter is a secret, which a refusal must not tell. */
function refuse(manager: EntityManager, schema: RowSchema<unknown>, columns: string, values: unknown[] = []) {
  return rejection(queryAs(manager, schema, `SELECT ${columns}`, values));
}

describe('a statement whose rows a schema describes', () => {
  it('answers with what the schema makes of each row, in order and with their types', () =>
    withItems(async (manager) => {
      const totals = await queryAs(manager, Total, TOTALS, [1]);
      expect(totals).toStrictEqual([
        { label: 'one', size: 10, many: 10n },
        { label: 'two', size: 20, many: 20n },
      ]);
      const next: bigint = (totals[0]?.many ?? 0n) + 1n;
      expect(next).toBe(11n);
      const Renamed = Total.transform(({ label, size }) => `${label} ${size}`);
      expect(await queryAs(manager, Renamed, TOTALS, [2])).toEqual(['two 20']);
      expect(await queryAs(manager, Total, TOTALS, [3])).toEqual([]);
    }));

  it('gives the schema values as node-postgres parses them', () =>
    withItems(async (manager) => {
      const text = `
        SELECT 1::int8 AS "int8", 1.50::numeric AS "numeric", '2026-01-02 03:04:05.678901+00'::timestamptz AS "at",
          '2026-01-02'::date AS "day", '{"a": [1]}'::jsonb AS "json", ARRAY[1, NULL] AS "list", NULL::int AS "none",
          '\\x00ff'::bytea AS "bytes", true AS "yes", 'x' AS "__proto__", 'y' AS "constructor"`;
      const [given] = await queryAs(manager, z.unknown(), text);
      const [plain] = await manager.query(text);
      expect(given).toStrictEqual({ ...plain });
      expect(Object.keys(given as object)).toContain('__proto__');
      expect(given).toMatchObject({ int8: '1', numeric: '1.50', at: new Date('2026-01-02T03:04:05.678Z') });
    }));

  it('is one of an entity where an entity is given', () =>
    withItems(async (manager) => {
      const items = await queryAs(manager, Item, 'SELECT * FROM item WHERE id = $1', [1]);
      expect(items).toStrictEqual([await createRepository(manager, Item).findById(1)]);
      expect(items[0]).toBeInstanceOf(Item);
    }));

  it('is written as Bind, Execute and Sync once it is prepared', async () => {
    await using proxy = await openProxy(server);
    await withItems(async (manager) => {
      const sent: string[] = [];
      proxy.onMessage(({ direction, type }: ProxyMessage) => {
        if (direction === 'frontend') sent.push(type);
      });
      const observe = async () => {
        sent.length = 0;
        await queryAs(manager, Total, TOTALS, [1]);
        return sent.join('');
      };
      expect(await observe()).toBe('PBDES');
      expect(await observe()).toMatch(/^C*PBDES$/);
      expect(await observe()).toBe('BES');
      expect(await observe()).toBe('BES');
    }, proxy.urlThrough(server.url));
  });

  it('is read anew where a table was changed, and refused where it does not fit any more', () =>
    withItems(async (manager) => {
      const Sized = z.object({ size: z.union([z.number(), z.string()]) });
      const read = () => queryAs(manager, Sized, 'SELECT size FROM item WHERE id = $1', [1]);
      for (let use = 0; use < 3; use += 1) expect(await read()).toEqual([{ size: 10 }]);
      await withClient(server.url, (client) =>
        client.query(`ALTER TABLE item ALTER COLUMN size TYPE text USING 'n' || size`),
      );
      expect(await read()).toEqual([{ size: 'n10' }]);
    }));

  it('sees what its transaction has written, and one that is refused leaves it as it is', async () => {
    await using source = await openItems(server.url, { max: 1 });
    await createUnitOfWork(source.dataSource).run(async (manager) => {
      await createRepository(manager, Item).update(1, { size: 11 });
      expect(await queryAs(manager, Total, TOTALS, [1])).toMatchObject([{ size: 11 }, { size: 20 }]);
      expect(await refuse(manager, z.object({ a: z.string() }), '1 AS a')).toMatchObject({
        code: 'ROW_MISMATCH',
      });
      expect(await queryAs(manager, Total, TOTALS, [2])).toMatchObject([{ size: 20 }]);
    });
    expect(await queryAs(source.dataSource, Total, TOTALS, [1])).toMatchObject([{ size: 11 }, { size: 20 }]);
  });

  it('is told to listeners, and fails as others do where the server refuses it', () =>
    withItems(async (manager) => {
      const told: unknown[] = [];
      readEvents(manager.dataSource).on('operation', ({ text, rowCount }) => told.push([text, rowCount]));
      await queryAs(manager, Total, TOTALS, [1]);
      expect(told).toEqual([[TOTALS, 2]]);
      const error = await refuse(manager, z.unknown(), '1 / $1::int', [0]);
      expect(error).toBeInstanceOf(QueryFailedError);
      expect(error).toMatchObject({ driverError: { code: '22012' }, parameters: [] });
    }));

  it('is read without generated code as well', async () => {
    const program = `
      const { z } = require(${JSON.stringify(require.resolve('zod'))});
      (async () => {
        await openDataSource(dataSource);
        const schema = z.object({ a: z.number(), b: z.string().nullable()});
        const rows = await holdfast.queryAs(dataSource, schema, 'SELECT $1::int AS a, NULL AS b', [1]);
        console.log(JSON.stringify(rows));
        await closeDataSource(dataSource);
      })();`;
    for (const nodeOptions of [['--disallow-code-generation-from-strings'], []]) {
      expect(await runBuiltProgram(server.url, program, { nodeOptions })).toBe('[{"a":1,"b":null}]');
    }
  });
});

describe('an answer that a schema does not describe', () => {
  it.each<[string, RowSchema<unknown>, string, RegExp]>([
    ['has not what it wants', z.object({ a: z.int(), b: z.int() }), '1 AS a', /the schema: it has no b$/],
    [
      'has what it does not name',
      z.object({ a: z.int() }),
      '1 AS a, 2 AS c',
      /it has c, which the schema has not/,
    ],
    [
      'has it twice',
      z.looseObject({ a: z.int() }),
      '1 AS a, 2 AS a',
      /it has a, which the schema has not, or tw/,
    ],
    ['has what a strict one does not name', z.strictObject({}), '2 AS c', /it has c,/],
    [
      'has not what one with a transformation wants',
      z.object({ a: z.int() }).transform(({ a }) => a),
      '2 AS b',
      /it has no a; it has b,/,
    ],
  ])('is refused where it %s, by the names of columns, rows or not', (_, schema, columns, message) =>
    withItems(async (manager) => {
      for (const rest of ['', ' WHERE false']) {
        expect(await refuse(manager, schema, columns + rest)).toMatchObject({
          name: 'AnswerMismatchError',
          code: 'ANSWER_MISMATCH',
          message: expect.stringMatching(message),
        });
      }
    }),
  );

  it.each<[string, RowSchema<unknown>, string, unknown]>([
    ['optional', z.object({ a: z.int().optional() }), '', {}],
    ['defaulted', z.object({ a: z.int().default(3) }), '', { a: 3 }],
    ['beside others', z.looseObject({}), '1 AS a', { a: 1 }],
    ['of a kind', z.object({}).catchall(z.int()), '1 AS a', { a: 1 }],
  ])('may lack or have columns that are %s', (_, schema, columns, expected) =>
    withItems(async (manager) => {
      expect(await queryAs(manager, schema, `SELECT ${columns}`)).toEqual([expected]);
    }),
  );
});

describe('a row that a schema refuses', () => {
  const SECRET = 'hunter2';
  const json = (value: unknown) => JSON.stringify(value);

  it.each<[string, RowSchema<unknown>, unknown, string]>([
    ['a value of another type', z.object({ a: z.int() }), SECRET, 'a (invalid_type, expected number)'],
    ['a value that is forbidden', z.object({ a: z.string().max(3) }), SECRET, 'a (too_big)'],
    [
      'something within',
      z.object({ a: z.object({ lines: z.array(z.object({ price: z.number() })) }) }),
      { lines: [{ price: 1 }, { price: SECRET }] },
      'a.lines.1.price (invalid_type, expected number)',
    ],
    [
      'something under a key that is data',
      z.object({ a: z.record(z.string(), z.number()).optional() }),
      { [SECRET]: 'x' },
      'a.* (invalid_type, expected number)',
    ],
    ['a key that is data', z.object({ a: z.strictObject({}) }), { [SECRET]: 1 }, 'a (unrecognized_keys)'],
    [
      'itself',
      z.object({ a: z.string() }).refine(({ a }) => a === '', {
        error: ({ input }) => `not ${(input as { a: string }).a}`,
      }),
      SECRET,
      'the row itself (custom)',
    ],
  ])('is told by its number and by where, never by its value: %s', (_, schema, value, place) =>
    withItems(async (manager) => {
      const text = `SELECT a FROM (VALUES (1, NULL), (2, $1::jsonb)) AS t (n, a) WHERE n > $2 ORDER BY n`;
      const error = await rejection(queryAs(manager, schema, text, [json(value), 1]));
      expect(error).toMatchObject({ name: 'RowMismatchError', code: 'ROW_MISMATCH', row: 1 });
      expect(error.message).toBe(`Row 1 of the answer is not what its schema says: ${place}`);
      expect(json([error, String(error.stack)])).not.toContain(SECRET);
    }),
  );

  it('is the first of them, in each execution', () =>
    withItems(async (manager) => {
      const One = z.object({ n: z.int().max(3) });
      const text = 'SELECT * FROM generate_series($1::int, 9) AS n';
      for (let use = 0; use < 4; use += 1) {
        expect(await rejection(queryAs(manager, One, text, [1]))).toMatchObject({ row: 4 });
      }
      expect(await rejection(queryAs(manager, One, text, [3]))).toMatchObject({ row: 2 });
    }));

  it('names five places at most', () =>
    withItems(async (manager) => {
      const names = [...'abcdefg'];
      const Many = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
      const error = await refuse(manager, Many, names.map((name) => `1 AS ${name}`).join());
      expect(error).toMatchObject({ issues: { length: 7 } });
      expect(error.message).toMatch(/ e \(invalid_type, expected string\), and 2 more$/);
    }));

  it('is refused where nothing comes of it', () =>
    withItems(async (manager) => {
      const Nothing = z.unknown().transform(() => undefined);
      expect(await refuse(manager, Nothing, '1 AS a')).toMatchObject({ code: 'ROW_MISMATCH' });
    }));

  it('has been written all the same, outside of a transaction', () =>
    withItems(async (manager) => {
      const text = `UPDATE item SET size = $1 WHERE id = 1 RETURNING label AS a`;
      const error = await rejection(queryAs(manager, z.object({ a: z.literal('two') }), text, [12]));
      expect(error).toMatchObject({ code: 'ROW_MISMATCH' });
      expect(await createRepository(manager, Item).findById(1)).toMatchObject({ size: 12 });
    }));
});

describe('a schema of another library', () => {
  /** As valibot's, whose messages quote what they were given. */
  const Even: RowSchema<number> = {
    '~standard': {
      version: 1,
      vendor: 'other',
      validate: (row) => {
        const { n } = row as { readonly n: number };
        if (n === 0) throw new RangeError('0');
        if (n % 2 === 0) return { value: n };
        return { issues: [{ message: `not ${n}`, path: [{ key: 'n' }, 'deep'] } as object] };
      },
    },
  };

  it('reads rows by Standard Schema, whatever their columns', () =>
    withItems(async (manager) => {
      expect(await queryAs(manager, Even, 'SELECT 1 AS m, $1::int AS n', [4])).toEqual([4]);
      const error = await refuse(manager, Even, '$1::int AS n', [733]);
      expect(error.message).toBe('Row 1 of the answer is not what its schema says: n.*');
      expect(error).toMatchObject({ issues: [{ path: 'n.*', reason: undefined }] });
      expect(await refuse(manager, Even, '$1::int AS n', [0])).toMatchObject({
        code: 'ROW_MISMATCH',
        message: 'Row 1 of the answer is not what its schema says: the row itself (its check has thrown)',
        cause: new RangeError('0'),
      });
    }));

  it.each<[string, unknown, RegExp]>([
    [
      'answers later',
      z.object({ a: z.int().refine(async () => false) }),
      /at once, but is .one of zod that answers later, or throws/,
    ],
    ['has another version', { '~standard': { version: 2 } }, /^shape must be a schema that follows Standard/],
    ['is none', { type: 'object' }, /^shape must be a schema, or an entity class/],
    ['is an entity of nobody', class Nobody {}, /^shape must be a schema, or an entity class/],
    ['is nothing', undefined, /^shape must be a schema, or an entity class/],
  ])('is refused by name where it %s', (_, shape, message) =>
    withItems(async (manager) => {
      expect(await rejection(queryAs(manager, shape as typeof Total, 'SELECT 1 AS a'))).toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(message),
      });
      // The connection is as good as before.
      expect(await queryAs(manager, Even, 'SELECT 2 AS n')).toEqual([2]);
    }),
  );

  it('is asked with a statement, and nothing else', () =>
    withItems(async (manager) => {
      for (const ask of [
        () => queryAs(manager, Even, 1 as never),
        () => queryAs(manager, Even, 'SELECT 1', 'x' as never),
        () => queryAs(manager, Even, 'SELECT 1', [], { from: 'anywhere' } as never),
        () => queryAs({} as never, Even, 'SELECT 1'),
      ]) {
        expect(await rejection(ask())).toMatchObject({ code: 'INVALID_OPTION' });
      }
    }));
});
