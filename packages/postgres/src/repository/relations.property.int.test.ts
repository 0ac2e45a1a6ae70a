import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { openItems } from '../test/items';
import { Author, Book, LIBRARY, Portrait, Subject } from '../test/library';
import { rejection } from '../test/settings';
import { createRepository } from './repository';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());

const openLibrary = () => openItems(server.url, {}, { entities: LIBRARY });

const NAMES = ['ancient', 'modern', 'odd'];
const DAY = new Date(Date.UTC(2026, 0, 1));

/** What stands on the shelves: who wrote it and what it is about. */
const libraries = fc.record({
  authors: fc.uniqueArray(
    fc.record({ id: fc.integer({ min: 1, max: 5 }), isDeleted: fc.boolean(), isPortrayed: fc.boolean() }),
    {
      selector: ({ id }) => id,
      maxLength: 5,
    },
  ),
  books: fc.uniqueArray(
    fc.record({
      shelf: fc.constantFrom('a', 'a1', 'b:'),
      place: fc.integer({ min: 1, max: 12 }),
      author: fc.option(fc.nat(4), { nil: null }),
      subjects: fc.uniqueArray(fc.nat(2)),
    }),
    { selector: ({ shelf, place }) => `${shelf} ${place}`, maxLength: 8 },
  ),
  gone: fc.option(fc.nat(2), { nil: null }),
});

type Library = typeof libraries extends fc.Arbitrary<infer Made> ? Made : never;

async function fill(dataSource: DataSource, { authors, books, gone }: Library): Promise<void> {
  await dataSource.query('TRUNCATE author, portrait, book, subject, book_subjects_subject');
  const subjects = NAMES.map((name, at) => ({ name, deletedAt: at === gone ? DAY : null }));
  await dataSource.getRepository(Subject).save(subjects);
  const rows = authors.map(({ id, isDeleted }) => ({
    id,
    name: `author ${id}`,
    deletedAt: isDeleted ? DAY : null,
  }));
  await dataSource.getRepository(Author).save(rows);
  const portraits = authors.filter(({ isPortrayed }) => isPortrayed);
  await dataSource
    .getRepository(Portrait)
    .save(portraits.map(({ id }) => ({ id, picture: Buffer.from([id]), author: { id } })));
  await dataSource.getRepository(Book).save(
    books.map(({ shelf, place, author, subjects: about }) => ({
      shelf,
      place,
      printedAt: DAY,
      author: author === null ? null : (rows[author] ?? null),
      subjects: about.map((at) => ({ name: NAMES[at] ?? '' })),
    })),
  );
}

const QUESTIONS = [
  [Author, { books: true }],
  [Author, { books: { subjects: true }, portrait: true }],
  [Author, { portrait: { author: true } }],
  [Book, { author: true }],
  [Book, { author: { portrait: true, books: true }, subjects: true }],
  [Subject, { books: { author: true } }],
  [Portrait, { author: { books: { subjects: { books: true } } } }],
] as const;

/** Lists of related entities have no order of their own. */
function sortLists(value: unknown): unknown {
  if (Array.isArray(value)) {
    const sorted = value.map(sortLists);
    return sorted.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null || value instanceof Date || Buffer.isBuffer(value))
    return value;
  for (const [name, inner] of Object.entries(value)) Reflect.set(value, name, sortLists(inner));
  return value;
}

describe('entities with their relations', () => {
  it('are those that a repository of TypeORM finds', async () => {
    await using source = await openLibrary();
    const { dataSource } = source;
    await dataSource.query('DROP TABLE IF EXISTS item');
    await dataSource.synchronize();
    let related = 0;
    await fc.assert(
      fc.asyncProperty(
        libraries,
        fc.constantFrom(...QUESTIONS),
        fc.boolean(),
        fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
        fc.integer({ min: 0, max: 2 }),
        async (library, [entity, relations], withDeleted, limit, offset) => {
          await fill(dataSource, library);
          const keys = dataSource
            .getMetadata(entity)
            .primaryColumns.map(({ propertyName }) => [propertyName, 'ASC']);
          const question = { relations, withDeleted, order: Object.fromEntries(keys) } as object;
          const range = limit === undefined ? {} : { limit, offset };
          const page = limit === undefined ? {} : { take: limit, skip: offset };
          const expected = await dataSource.getRepository<object>(entity).find({ ...question, ...page });
          for (let use = 0; use < 3; use += 1) {
            const found = await createRepository<object>(dataSource, entity).find({ ...question, ...range });
            expect(found.map(sortLists)).toStrictEqual(expected.map(sortLists));
          }
          related += JSON.stringify(expected).split('author ').length - 1;
        },
      ),
      { numRuns: 120 },
    );
    expect(related).toBeGreaterThan(40);
  });

  it('are refused while a subscriber wants to hear of loads of what is joined, and of that alone', async () => {
    await using source = await openLibrary();
    const { dataSource } = source;
    await dataSource.synchronize();
    const books = createRepository(dataSource, Book);
    const find = () => books.find({ relations: { subjects: true } });
    await find();
    dataSource.subscribers.push({ listenTo: () => Subject, afterLoad: () => undefined });
    await books.find({ relations: { author: true } });
    expect(String(await rejection(find()))).toMatch(/Subject does not support subscribers with afterLoad/);
    dataSource.subscribers.length = 0;
    await find();
  });

  it('are asked for by names that exist, and by one statement', async () => {
    await using source = await openLibrary();
    const books = createRepository(source.dataSource, Book);
    const ask = (options: object) => rejection(books.find(options)).then(String);
    expect(await ask({ relations: { nothing: true } })).toMatch(
      /relations.nothing must be one of author, subjects/,
    );
    expect(await ask({ relations: { author: 1 } })).toMatch(
      /relations.author must be true, false, or an object/,
    );
    expect(await ask({ relations: ['author'] })).toMatch(/relations must be true, false, or an object/);
    expect(await ask({ relations: { author: true }, select: ['place'] })).toMatch(/select must be left out/);
  });
});
