import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { And, type DataSource, type EntityManager, MoreThan } from 'typeorm';
import { z } from 'zod';
import { type CacheStats, readCacheStats } from '../data-source/read-cache-stats';
import { type Lease, readLease } from '../pool/lease';
import { queryAs } from '../query/query-as';
import { createGroupCommit, type GroupCommit } from '../sharing/group-commit';
import { createSharedLookUps, type SharedLookUps } from '../sharing/shared-look-ups';
import type { CacheFill } from '../statements/cache-fill';
import type { ClientInternals } from '../statements/pg-internals';
import { ITEM_TABLE, Item, openItems } from '../test/items';
import { Author, Book, LIBRARY, Portrait, Subject } from '../test/library';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createRepository } from './repository';

const SHAPES = 10_000;
/** Connections of the pool. */
const MAX = 3;
/** Statements of ours that a connection holds beside those of callers: docs/prepared-statements.md. */
const RESERVED = 7;
/** Asked once more at the end, when they have made room for others in every cache. */
const EARLY = 600;

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());

const ITEM = { id: 1, size: 10, label: 'one', lower: 'x', deletedAt: null };
const NEXT_ITEM = { id: 2, size: 20, label: 'two', lower: 'y', deletedAt: null };
const COLUMNS = ['id', 'size', 'label', 'lower', 'deletedAt'] as const;

/** The lists that can be made of these, each in each order, from one alone to all. */
function listArrangements<T>(all: readonly T[]): readonly (readonly T[])[] {
  const extend = (list: readonly T[]): (readonly T[])[] => [
    list,
    ...all.filter((one) => !list.includes(one)).flatMap((one) => extend([...list, one])),
  ];
  return extend([]).slice(1);
}

const SELECTS = listArrangements(COLUMNS);
const ORDERS = SELECTS.filter(({ length }) => length === COLUMNS.length);

/** Relations that can be read with an author, over so many relations at most. */
function listOfAuthor(depth: number): object[] {
  const books = depth === 0 ? [] : listOfBook(depth - 1).map((relations) => ({ books: relations }));
  const portraits = [{}, { portrait: true }, { portrait: { author: true } }];
  return [{}, ...books].flatMap((one) => portraits.map((other) => ({ ...one, ...other })));
}
function listOfBook(depth: number): object[] {
  const authors = depth === 0 ? [] : listOfAuthor(depth - 1).map((relations) => ({ author: relations }));
  const subjects = [{}, { subjects: true }, { subjects: { books: true } }];
  return [{}, ...authors].flatMap((one) => subjects.map((other) => ({ ...one, ...other })));
}

const RELATIONS = listOfAuthor(4);

/** What was answered, and what should have been, as far as it is told here. */
type Answered = readonly [answer: unknown, expected?: unknown];

const Sized = z.object({ size: z.coerce.string(), at: z.int() });

/** Of the whole process: what one caller asks goes together with what others ask. */
let group: GroupCommit;
let lookUps: SharedLookUps;

function orderOf(shape: number) {
  return Object.fromEntries((ORDERS[shape % ORDERS.length] ?? []).map((name) => [name, 'ASC' as const]));
}

/** Questions of many shapes: none has the text of another. */
const KINDS: readonly ((manager: EntityManager, shape: number) => Promise<Answered>)[] = [
  async (manager, shape) => {
    const select = SELECTS[shape % SELECTS.length] ?? [];
    const items = createRepository(manager, Item);
    const found = await items.find({ select, where: { size: 10 }, limit: shape + 1 });
    return [found, [Object.fromEntries(select.map((name) => [name, ITEM[name]]))]];
  },
  async (manager, shape) => {
    const relations = RELATIONS[shape % RELATIONS.length] ?? {};
    const withDeleted = shape % 2 > 0;
    const authors = createRepository(manager, Author);
    return [await authors.find({ where: { id: 1 }, relations, withDeleted, limit: shape + 1 })];
  },
  async (manager, shape) => {
    const sizes = ['size', 'size::int8', 'size::numeric'];
    const kind = Math.floor(shape / ORDERS.length) % sizes.length;
    const columns = (ORDERS[shape % ORDERS.length] ?? []).map((name) =>
      name === 'size' ? `${sizes[kind]} AS size` : `"${name}"`,
    );
    const text = `SELECT ${columns.join(', ')} FROM item WHERE id = $1 AND ${shape} = ${shape}`;
    const items = await createRepository(manager, Item).query(text, [1]);
    return [items, [{ ...ITEM, size: kind === 0 ? 10 : '10' }]];
  },
  async (manager, shape) => {
    const items = createRepository(manager, Item);
    const alias = `a${shape}`;
    const text = `SELECT ${shape} AS "c${shape}", ${items.columnsOf(alias)} FROM item ${alias} WHERE id = $1`;
    return [await items.queryRows(text, [1]), [{ entity: ITEM, rest: { [`c${shape}`]: shape } }]];
  },
  async (manager, shape) => {
    const rows = await queryAs(manager, Sized, `SELECT size, ${shape} AS at FROM item WHERE id = $1`, [1]);
    return [rows, [{ size: '10', at: shape }]];
  },
  async (manager, shape) => {
    const where = Array.from({ length: 1 + (shape % 4) }, () => ({ id: 1, size: MoreThan(1) }));
    const order = orderOf(shape);
    return [await createRepository(manager, Item).find({ where, order, limit: shape + 1 }), [ITEM]];
  },
  async (manager, shape) => {
    const items = createRepository(manager, Item);
    const page = { order: orderOf(shape), limit: 1, comment: `page ${shape}` };
    const { next } = await items.findPage(page);
    return [await items.findPage({ ...page, after: next ?? '' }), { entities: [NEXT_ITEM], next: null }];
  },
  async (manager, shape) => {
    const items = createRepository(manager, Item);
    const list = { where: { size: MoreThan(1) }, order: orderOf(shape), comment: `stream ${shape}` };
    const streamed: Item[] = [];
    for await (const item of items.stream({ ...list, batchSize: 1 })) streamed.push(item);
    return [
      [...streamed, ...(await items.find(list))],
      [ITEM, NEXT_ITEM, ITEM, NEXT_ITEM],
    ];
  },
  async (_, shape) => {
    const options = { settings: { [`app.s${shape % 3}`]: 'a' } };
    const text = `SELECT ${shape} AS at, size FROM item WHERE id = $1`;
    const size = And(...Array.from({ length: 1 + (shape % 40) }, () => MoreThan(1)));
    const asked = await Promise.all([
      ...[1, 2].map((id) => group.run(text, [id], options)),
      ...[1, 2].map((id) => lookUps.findOneBy(Item, { id, size }, options)),
    ]);
    const answers = [10, 20].map((of) => ({ rows: [{ at: shape, size: of }], rowCount: 1 }));
    return [asked, [...answers, ITEM, NEXT_ITEM]];
  },
];

async function ask(manager: EntityManager, shape: number): Promise<unknown> {
  const kind = KINDS[shape % KINDS.length] as (typeof KINDS)[number];
  const [answer, expected = answer] = await kind(manager, Math.floor(shape / KINDS.length));
  expect(answer).toEqual(expected);
  return answer;
}

/** Each twice, since it is prepared from its second use on: several at once, and inside of both kinds of transactions. */
async function askAll(dataSource: DataSource, first: number, end: number): Promise<unknown[]> {
  const unitOfWork = createUnitOfWork(dataSource);
  const answers: unknown[] = [];
  const together = MAX * 4;
  for (let start = first; start < end; start += together) {
    const shapes = Array.from({ length: Math.min(together, end - start) }, (_, at) => start + at);
    const askTwice = async (manager: EntityManager, shape: number) => {
      await ask(manager, shape);
      answers[shape - first] = await ask(manager, shape);
    };
    const askInTurn = async (manager: EntityManager) => {
      for (const shape of shapes) await askTwice(manager, shape);
    };
    const turn = Math.floor(start / together) % 10;
    if (turn === 0) await dataSource.transaction(askInTurn);
    else if (turn === 1) await unitOfWork.run(askInTurn);
    else await Promise.all(shapes.map((shape) => askTwice(dataSource.manager, shape)));
  }
  return answers;
}

/** What a connection holds, as the server and as node-postgres count it. */
interface Held {
  /** Statements of callers. */
  readonly named: number;
  /** Others that are prepared. */
  readonly others: number;
  /** Names that node-postgres knows, and those of which it awaits an answer. */
  readonly noted: number;
  readonly awaited: number;
}

async function readHeld(dataSource: DataSource): Promise<readonly Held[]> {
  const runners = Array.from({ length: MAX }, () => dataSource.createQueryRunner());
  try {
    // All are taken before any is asked, so that no two are the same.
    const connections: object[] = await Promise.all(runners.map((runner) => runner.connect()));
    return await Promise.all(
      runners.map(async (runner, at) => {
        const [counts] = await runner.query(`
          SELECT count(*) FILTER (WHERE name ~ '^hf_[0-9a-f]{32}$')::int AS named,
                 count(*) FILTER (WHERE name !~ '^hf_[0-9a-f]{32}$')::int AS others
          FROM pg_prepared_statements`);
        const { client } = readLease(connections[at] as object) as Lease;
        const { connection } = client as unknown as ClientInternals;
        const noted = Object.keys(connection.parsedStatements).length;
        return { ...counts, noted, awaited: Object.keys(connection.submittedNamedStatements).length };
      }),
    );
  } finally {
    for (const runner of runners) await runner.release();
  }
}

/** All caches of the process, by name. */
function readFills(dataSource: DataSource): ReadonlyMap<string, CacheFill> {
  const { entities, pools }: CacheStats = readCacheStats(dataSource);
  const ofEntities = entities.flatMap(({ entity, ...caches }) =>
    Object.entries(caches).map(([name, fill]): [string, CacheFill] => [`${entity} ${name}`, fill]),
  );
  const ofPools = pools.flatMap(({ seenTexts, connections }): [string, CacheFill][] => [
    ['seen texts', seenTexts],
    ...connections.map(({ statements }, at): [string, CacheFill] => [`connection ${at + 1}`, statements]),
  ]);
  return new Map([...ofEntities, ...ofPools]);
}

async function openLibrary() {
  const source = await openItems(server.url, { max: MAX }, { entities: LIBRARY });
  const { dataSource } = source;
  await dataSource.synchronize();
  await dataSource.query(
    `DROP TABLE item CASCADE; ${ITEM_TABLE}; INSERT INTO item VALUES (1, 10, 'one', 'x'), (2, 20, 'two', 'y')`,
  );
  const subject = await dataSource.getRepository(Subject).save({ name: 'odd' });
  const author = await dataSource.getRepository(Author).save({ id: 1, name: 'a' });
  await dataSource.getRepository(Portrait).save({ id: 1, picture: Buffer.from('p'), author });
  const book = { shelf: 'a', place: 1, printedAt: new Date(0), author, subjects: [subject] };
  await dataSource.getRepository(Book).save(book);
  group = createGroupCommit(dataSource);
  lookUps = createSharedLookUps(dataSource);
  return source;
}

describe('ten thousand different questions', () => {
  it('leave caches that are bounded on both sides, and answers that are right', async () => {
    await using source = await openLibrary();
    const { dataSource } = source;
    const early = await askAll(dataSource, 0, EARLY);
    await askAll(dataSource, EARLY, SHAPES / 2);
    const halfFills = readFills(dataSource);
    await askAll(dataSource, SHAPES / 2, SHAPES);
    const fills = readFills(dataSource);
    const listFull = (all: typeof fills) =>
      [...all].filter(([, { kept, max }]) => kept === max).map(([name]) => name);

    for (const [name, { kept, max }] of [...halfFills, ...fills]) {
      expect({ name, isBounded: kept <= max }).toEqual({ name, isBounded: true });
    }
    expect([...fills.keys()]).toEqual([...halfFills.keys()]);
    const ofItems = ['selects', 'aliases', 'answers', 'answersInParts'].map((name) => `Item ${name}`);
    expect(listFull(halfFills)).toEqual(expect.arrayContaining(ofItems));
    expect(listFull(fills)).toEqual(expect.arrayContaining([...ofItems, 'Author relations', 'seen texts']));
    for (const { named, others, noted, awaited } of await readHeld(dataSource)) {
      // All of them full: otherwise nothing is shown.
      expect({ named, awaited }).toEqual({ named: 256, awaited: 0 });
      expect(others).toBeLessThanOrEqual(RESERVED);
      expect(noted).toBe(named + others);
    }
    expect(await askAll(dataSource, 0, EARLY)).toEqual(early);
  }, 240_000);
});
