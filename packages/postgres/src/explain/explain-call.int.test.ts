import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { type DataSource, type EntityManager, IsNull, MoreThan, QueryFailedError } from 'typeorm';
import { readEvents } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import { createConnectionManager } from '../manager/manager-registry';
import type { EntityRepository } from '../repository/entity-repository';
import { createRepository } from '../repository/repository';
import { CUSTOM_PLAN } from '../statements/custom-plan';
import { deriveName } from '../statements/seen-texts';
import { ITEM_TABLE, Item, openItems } from '../test/items';
import { Author, Book, LIBRARY } from '../test/library';
import { createPlainTransactions } from '../test/manager';
import { rejection } from '../test/settings';
import { withClient } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { renderExplanation } from './render-explanation';

const SECRET = 'hunter2';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
  await withClient(server.url, (client) =>
    client.query(`
      ${ITEM_TABLE};
      INSERT INTO item SELECT i, i % 100, 'label ' || i % 1000, CASE i WHEN 7 THEN '${SECRET}' ELSE '' END
      FROM generate_series(1, 20000) AS i;
      CREATE INDEX item_label ON item (label);
      CREATE INDEX item_rare ON item (lower) WHERE lower <> '';
      CREATE TABLE author (id integer PRIMARY KEY, name text, "deletedAt" timestamptz);
      CREATE TABLE book (
        shelf text, place integer, "printedAt" timestamptz, "authorId" integer REFERENCES author, PRIMARY KEY (shelf, place)
      );
      CREATE FUNCTION note_item() RETURNS integer VOLATILE LANGUAGE sql AS 'INSERT INTO item VALUES (0, 0, '''') RETURNING id';
      ANALYZE
    `),
  );
});
afterAll(() => server?.stop());

async function withItems(
  work: (items: EntityRepository<Item>, dataSource: DataSource) => Promise<void>,
  settings: Parameters<typeof openItems>[2] = {},
): Promise<void> {
  await using source = await openItems(server.url, { max: 1 }, settings);
  await work(createRepository(source.dataSource, Item), source.dataSource);
}

function countItems(dataSource: DataSource): Promise<unknown> {
  return dataSource.query(`SELECT count(*)::int, max(xmin::text) FROM item WHERE id IN (0, 1, 7)`);
}

const BY_HAND = 'SELECT * FROM item WHERE id = $1';
/** Every call of a repository. */
const CALLS: Readonly<Record<string, (items: EntityRepository<Item>) => unknown>> = {
  findById: (items) => items.findById(7),
  findByIds: (items) => items.findByIds([7, 8]),
  findOne: (items) => items.findOne({ where: { label: 'label 7' }, order: { id: 'DESC' } }),
  find: (items) =>
    items.find({ where: { size: MoreThan(3), deletedAt: IsNull() }, select: ['id'], limit: 2, offset: 1 }),
  findPage: (items) => items.findPage({ where: { size: 7 }, order: { label: 'ASC', id: 'ASC' }, limit: 2 }),
  stream: async (items) => {
    for await (const _ of items.stream({ where: { size: 7 }, order: { id: 'ASC' } })) break;
  },
  query: (items) => items.query(BY_HAND, [7]),
  queryRows: (items) => items.queryRows(`${BY_HAND} AND label <> $2`, [7, 'a']),
  insert: (items) => items.insert({ id: 30_000, size: 1, label: SECRET }),
  insertMany: (items) => items.insertMany([{ id: 30_000, size: 1, label: SECRET }], { onConflict: 'ignore' }),
  update: (items) => items.update(7, { label: SECRET }, { where: { size: 7 } }),
  upsert: (items) => items.upsert({ id: 7, size: 1, label: SECRET }, { conflict: ['id'] }),
  delete: (items) => items.delete(7),
};

describe('an explanation', () => {
  it('is there for every call of a repository', () =>
    withItems(async (items) => {
      const calls = Object.getOwnPropertyNames(Object.getPrototypeOf(items)).filter(
        (name) => !['constructor', 'columnsOf', 'explain'].includes(name),
      );
      expect(Object.keys(CALLS).toSorted()).toEqual(calls.toSorted());
    }));

  it.each(Object.entries(CALLS))(
    'is of the very statement that is sent, and sends none: %s',
    async (name, call) => {
      await withItems(async (items, dataSource) => {
        const before = await countItems(dataSource);
        const told: string[] = [];
        readEvents(dataSource).on('operation', ({ text }) => told.push(text));
        const explanation = await items.explain(call);
        expect(told.length).toBeGreaterThanOrEqual(2);
        expect(told.filter((text) => !/^(?:\/\*.*\*\/ EXPLAIN \((?!ANALYZE))/.test(text))).toEqual([]);
        told.length = 0;
        expect(await countItems(dataSource)).toEqual(before);
        const inTransaction = dataSource.transaction(async (manager) => {
          await call(createRepository(manager, Item));
          await call(createRepository(manager, Item));
          const rows: { name: string; statement: string }[] = await manager.query(
            `SELECT name, statement FROM pg_prepared_statements WHERE name LIKE 'hf\\_%'`,
          );
          const statement = explanation.text;
          // Rows that are taken in batches are those of a statement without a name.
          if (name === 'stream') expect(rows.map((row) => row.statement)).not.toContain(statement);
          else expect(rows).toContainEqual({ name: explanation.name, statement });
          throw new RangeError('taken back');
        });
        // What is inserted twice fails before that.
        expect(String(await rejection(inTransaction))).toMatch(/taken back|duplicate key/);
        expect(told).toContain(explanation.text);
        expect(explanation.name).toBe(name === 'stream' ? undefined : deriveName(explanation.text));
      });
    },
  );

  it('is of the page that is asked for', () =>
    withItems(async (items) => {
      const page = { order: { label: 'ASC', id: 'ASC' }, limit: 2 } as const;
      const { next } = await items.findPage(page);
      const { text, values, custom } = await items.explain((all) =>
        all.findPage({ ...page, after: next as string }),
      );
      expect(text).toContain('("t"."label", "t"."id") > ($1, $2)');
      expect(values).toEqual(expect.arrayContaining(['a string']));
      expect(custom).toMatchObject({ indexes: expect.arrayContaining(['item_label']) });
    }));

  it('is of the first statement of a call that sends several', () =>
    withItems(async (items, dataSource) => {
      const rows = [1, 2, 3].map((at) => ({ id: 30_000 + at, size: 1, label: 'many' }));
      const call = (all: EntityRepository<Item>) => all.insertMany(rows, { chunkRows: 1 });
      const explanation = await items.explain(call);
      expect(explanation).toMatchObject({
        text: expect.stringMatching(/^INSERT INTO/),
        values: ['a string', 'a string', 'a string'],
      });
      const inTransaction = (manager: EntityManager) => createRepository(manager, Item).explain(call);
      expect(await dataSource.transaction(inTransaction)).toMatchObject({ text: explanation.text });
      expect(await createUnitOfWork(dataSource).run(inTransaction)).toMatchObject({ text: explanation.text });
      expect(await items.find({ where: { label: 'many' } })).toEqual([]);
    }));

  it('is of a stream that nobody reads, and leaves its connection to the others meanwhile', () =>
    withItems(async (items, dataSource) => {
      const stream = (all: EntityRepository<Item>) => all.stream({ where: { label: 'label 7' } });
      expect(await items.explain(stream)).toMatchObject({
        name: undefined,
        generic: undefined,
        custom: { indexes: ['item_label'] },
      });
      const runner = dataSource.createQueryRunner();
      try {
        const lent = createRepository(runner.manager, Item);
        const beside = async () => {
          await runner.startTransaction();
          await lent.insert({ id: 30_000, size: 1, label: 'beside' });
          const [{ depth }] = await runner.query(
            'SELECT count(*)::int AS depth FROM item WHERE id = $1',
            [30_000],
          );
          await runner.rollbackTransaction();
          return depth;
        };
        for (let delay = 0; delay < 8; delay += 1) {
          const explained = lent.explain(stream);
          for (let turn = 0; turn < delay; turn += 1) await Promise.resolve();
          const [, depth] = await Promise.all([explained, beside()]);
          expect(depth).toBe(1);
        }
      } finally {
        await runner.release();
      }
    }));

  it('holds kinds of values and never a value', () =>
    withItems(async (items) => {
      for (const call of [
        CALLS.update,
        (all: EntityRepository<Item>) => all.find({ where: { lower: SECRET, id: 7 }, comment: CUSTOM_PLAN }),
        (all: EntityRepository<Item>) => all.findOne({ where: [{ lower: SECRET }, { label: SECRET }] }),
        (all: EntityRepository<Item>) =>
          all.query(
            `SELECT i.* FROM item i JOIN item o ON o.label = i.label || $1 WHERE o.lower > $1 ORDER BY o.lower || $1`,
            [SECRET],
          ),
      ]) {
        const explanation = await items.explain(call as never);
        expect(explanation.values.join()).toMatch(/a string/);
        expect(explanation.values.join()).not.toContain(SECRET);
        expect(JSON.stringify(explanation) + renderExplanation(explanation)).not.toContain(SECRET);
      }
    }));

  it('tells which indexes are used, which fit, and which tables are read whole', () =>
    withItems(async (items) => {
      const byLabel = await items.explain((all) => all.find({ where: { label: 'label 7' } }));
      expect(byLabel).toMatchObject({
        custom: { indexes: ['item_label'], scanned: [] },
        generic: { indexes: ['item_label'] },
        expected: ['item_label'],
      });
      const bySize = await items.explain((all) => all.find({ where: { size: 7 } }));
      expect(bySize).toMatchObject({ custom: { indexes: [], scanned: ['item'] }, expected: [] });
      // Most rows: an index fits, and is not worth it.
      const most = await items.explain((all) => all.find({ where: { label: MoreThan('a') } }));
      expect(most).toMatchObject({ custom: { indexes: [], scanned: ['item'] }, expected: ['item_label'] });
    }));

  it('tells a plan for these values from one for all, which uses no partial index', () =>
    withItems(async (items) => {
      const call = (all: EntityRepository<Item>) => all.find({ where: { lower: SECRET } });
      const explanation = await items.explain(call);
      expect(explanation).toMatchObject({
        custom: { indexes: ['item_rare'] },
        generic: { indexes: [], scanned: ['item'] },
        expected: ['item_rare'],
      });
      const marked = await items.explain((all) =>
        all.find({ where: { lower: SECRET }, comment: CUSTOM_PLAN }),
      );
      expect(marked).toMatchObject({
        name: undefined,
        generic: undefined,
        custom: { indexes: ['item_rare'] },
      });
    }));

  it('has expressions in the plan for all values, and where there are no values', () =>
    withItems(async (items) => {
      const { custom, generic } = await items.explain((all) => all.find({ where: { label: SECRET } }));
      expect(JSON.stringify(generic)).toContain('(label = $1)');
      expect(JSON.stringify(custom)).not.toContain('(label');
      const fixed = await items.explain((all) => all.query(`SELECT * FROM item WHERE label = 'label 7'`));
      expect(JSON.stringify(fixed.custom)).toContain(`(label = 'label 7'::text)`);
      expect(fixed).toMatchObject({ name: undefined, values: [], generic: undefined });
    }));

  it('counts rows and pages of what is executed, and only of what reads', () =>
    withItems(async (items, dataSource) => {
      const before = await countItems(dataSource);
      const { custom } = await items.explain((all) => all.find({ where: { label: 'label 7' } }), {
        analyze: true,
      });
      expect(custom.root).toMatchObject({ 'Actual Rows': 20, 'Shared Hit Blocks': expect.any(Number) });
      for (const call of [CALLS.insert, CALLS.update, CALLS.delete] as ((all: unknown) => unknown)[]) {
        expect(await rejection(items.explain(call, { analyze: true }))).toMatchObject({
          message: 'analyze must be false for a call that writes, but is true',
        });
      }
      const hidden = items.explain((all) => all.query('SELECT note_item() AS id, $1 AS a', [1]), {
        analyze: true,
      });
      expect(await rejection(hidden)).toMatchObject({ driverError: { code: '25006' } });
      expect(await countItems(dataSource)).toEqual(before);
      expect(readPoolStats(dataSource)).toMatchObject({ used: 0, total: 1 });
      expect(await items.update(1, { size: 1 })).toMatchObject({ size: 1 });
      const inTransaction = dataSource.transaction((manager) =>
        createRepository(manager, Item).explain((all) => all.find(), { analyze: true }),
      );
      expect(await rejection(inTransaction)).toMatchObject({
        message: 'analyze must be false inside of a transaction, but is true',
      });
    }));
});

describe('in a transaction', () => {
  const explainIn = (items: EntityRepository<Item>) =>
    items.explain((all) => all.find({ where: { label: MoreThan('a') } }));

  it.each<
    [
      string,
      (dataSource: DataSource, work: (items: EntityRepository<Item>) => Promise<void>) => Promise<unknown>,
    ]
  >([
    [
      'of TypeORM',
      (dataSource, work) => dataSource.transaction((manager) => work(createRepository(manager, Item))),
    ],
    [
      'of a unit of work',
      (dataSource, work) =>
        createUnitOfWork(dataSource).run((manager) => work(createRepository(manager, Item))),
    ],
  ])('%s it leaves what is written beside it, and the settings, as they are', (_, run) =>
    withItems(async (items, dataSource) => {
      await run(dataSource, async (inside) => {
        const writes = Array.from({ length: 8 }, (_unused, at) =>
          inside.insert({ id: 40_000 + at, size: 1, label: 'beside' }),
        );
        const [explanation] = await Promise.all([explainIn(inside), ...writes, explainIn(inside)]);
        expect(explanation).toMatchObject({ custom: { scanned: ['item'] }, expected: ['item_label'] });
        const asked = await inside.queryRows<{ on: string }>(
          `SELECT current_setting('enable_seqscan') AS "on", ${inside.columnsOf('i')} FROM item i WHERE id = 40000`,
        );
        expect(asked[0]?.rest.on).toBe('on');
      });
      expect(await items.find({ where: { label: 'beside' } })).toHaveLength(8);
      await dataSource.query(`DELETE FROM item WHERE label = 'beside'`);
    }),
  );

  it('it is planned with what the transaction has made and set', () =>
    withItems(async (_, dataSource) => {
      const undone = dataSource.transaction(async (manager) => {
        await manager.query('CREATE INDEX item_deleted ON item ("deletedAt")');
        await manager.query('SET LOCAL enable_bitmapscan = off');
        const inside = createRepository(manager, Item);
        const explanation = await inside.explain((all) =>
          all.find({ where: { deletedAt: MoreThan(new Date()) }, withDeleted: true }),
        );
        expect(explanation.custom.indexes).toEqual(['item_deleted']);
        throw new RangeError('undone');
      });
      await expect(undone).rejects.toThrow('undone');
    }));

  it('it is planned under the settings of a lent connection, which are there for nobody else', () =>
    withItems(async (items, dataSource) => {
      const runner = dataSource.createQueryRunner();
      try {
        const lent = createRepository(runner.manager, Item);
        const explanation = await lent.explain((all) => all.find({ where: { label: MoreThan('a') } }));
        expect(explanation.expected).toEqual(['item_label']);
        const [setting] = await runner.query(`SHOW enable_seqscan`);
        expect(setting).toEqual({ enable_seqscan: 'on' });
      } finally {
        await runner.release();
      }
      expect(await items.findById(1)).not.toBeNull();
    }));
});

describe('under settings', () => {
  const call = (items: EntityRepository<Item>) =>
    items.query(`SELECT * FROM item WHERE label = current_setting('app.label') AND id > $1`, [1]);
  const settings = { 'app.label': 'label 7' };

  it('of a lent connection there is no plan for all values, since it would be made without them', () =>
    withItems(async (_, dataSource) => {
      const manager = createConnectionManager(dataSource, {
        healthCheckIntervalMs: 0,
        transactions: createPlainTransactions(dataSource),
      });
      const explanation = await manager.withConnection(
        ({ manager: lent }) => createRepository(lent, Item).explain(call, { analyze: true }),
        { settings },
      );
      expect(explanation).toMatchObject({ generic: undefined, custom: { indexes: ['item_label'] } });
    }));

  it('of a unit of work there is one', () =>
    withItems(async (_, dataSource) => {
      const explanation = await createUnitOfWork(dataSource).run(
        (manager) => createRepository(manager, Item).explain(call),
        { settings },
      );
      expect(explanation).toMatchObject({
        generic: { indexes: ['item_label'] },
        custom: { indexes: ['item_label'] },
      });
    }));
});

describe('what cannot be explained', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'sends nothing',
      (items: EntityRepository<Item>) => items.findByIds([]),
      /^call must be one that sends a/,
    ],
    ['is none', { find: {} }, /^call must be a function, but is "object"/],
    ['is refused before', (items: EntityRepository<Item>) => items.find({ limit: -1 }), /^limit must be/],
  ])('is refused by name where the call %s', (_, call, message) =>
    withItems(async (items, dataSource) => {
      expect(await rejection(items.explain(call as never))).toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(message),
      });
      expect(readPoolStats(dataSource)).toMatchObject({ used: 0 });
    }),
  );

  it('is what the server refuses, without parameters', () =>
    withItems(async (items) => {
      const error = await rejection(
        items.explain((all) => all.query('SELECT nothing FROM item WHERE id = $1', [7])),
      );
      expect(error).toBeInstanceOf(QueryFailedError);
      expect(error).toMatchObject({ parameters: [], driverError: { code: '42703' } });
      const options = rejection(items.explain((all) => all.find(), { analyse: true } as never));
      expect(await options).toMatchObject({ code: 'INVALID_OPTION' });
    }));
});

it('is a text for people', () =>
  withItems(
    async (items, dataSource) => {
      const rendered = renderExplanation(
        await items.explain((all) => all.find({ where: { lower: SECRET } })),
      );
      expect(rendered.replaceAll(/cost [\d.]+, rows \d+/g, 'cost').replace(/hf_\w+/, 'hf_x')).toBe(
        [
          'SELECT "t"."id", "t"."size", "t"."label", "t"."lower", "t"."deletedAt" FROM "item" "t" WHERE "t"."deletedAt" IS NULL AND "t"."lower" = $1',
          'prepared as hf_x; $1 is a string',
          'Plan for these values:',
          '  Index Scan using item_rare on item (cost)',
          'Plan for all values:',
          '  Seq Scan on item (cost)',
          '      Filter: (("deletedAt" IS NULL) AND (lower = $1))',
          'Indexes used: item_rare; read from the beginning on: none',
          'The plan for all values does without item_rare: CUSTOM_PLAN has the statement planned for its values each time.',
        ].join('\n'),
      );
      const books = createRepository(dataSource, Book);
      const joined = renderExplanation(
        await books.explain((all) => all.find({ relations: { author: true } })),
      );
      expect(joined).toContain('not prepared; no values\n');
      expect(joined).toMatch(/Join Filter: .*\n/);
      expect(renderExplanation(await items.explain((all) => all.find({ where: { size: 7 } })))).toMatch(
        /\nNo index fits\.$/,
      );
      const most = await items.explain((all) => all.find({ where: { label: MoreThan('a') } }), {
        analyze: true,
      });
      expect(renderExplanation(most)).toMatch(/; really rows \d+, loops 1, pages \d+\)\n/);
      expect(renderExplanation(most)).toMatch(/\nAn index fits: item_label\. /);
      const authors = createRepository(dataSource, Author);
      const change = await authors.explain((all) => all.update(1, { name: 'a' }));
      expect(renderExplanation(change)).toMatch(/\n {2}Update on author \(.*\n {4}(?:Index|Seq|Bitmap)/);
    },
    { entities: LIBRARY },
  ));
