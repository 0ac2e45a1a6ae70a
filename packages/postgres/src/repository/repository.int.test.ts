import {
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import pg from 'pg';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { type EntityManager, In, IsNull, JsonContains, Like, Not, Raw } from 'typeorm';
import { CUSTOM_PLAN } from '../statements/custom-plan';
import { Animal, Cat } from '../test/bulk/entities';
import { openBulkDatabase } from '../test/bulk/open-database';
import {
  Branch,
  Computed,
  EagerPart,
  ITEM_TABLE,
  Item,
  LazyPart,
  Listening,
  openItems,
  Part,
  Referring,
  Seen,
} from '../test/items';
import { rejection } from '../test/settings';
import { withClient } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { AnswerMismatchError } from './answer-mismatch-error';
import { createRepository } from './repository';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() =>
  withClient(server.url, async (client) => {
    await client.query('DROP TABLE IF EXISTS item');
    await client.query(ITEM_TABLE);
    await client.query(`INSERT INTO item VALUES (1, 10, 'one', 'x', NULL), (2, 20, 'two', 'y', now())`);
  }),
);

describe('a repository', () => {
  it('finds by id, the first, and all, as instances of the entity', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const one = await items.findById(1);
    expect(one).toBeInstanceOf(Item);
    expect(one).toEqual({ id: 1, size: 10, label: 'one', lower: 'x', deletedAt: null });
    expect(await items.findOne({ where: { label: 'one' } })).toEqual(one);
    expect(await items.find()).toEqual([one]);
    expect(await items.findById(3)).toBeNull();
    expect(await items.findByIds([3, 1, 1])).toEqual([null, one, one]);
    expect(await items.findOne({ where: { label: Not('one') } })).toBeNull();
  });

  it('sees what is soft-deleted only when asked', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    expect(await items.findById(2)).toBeNull();
    expect(await items.findById(2, { withDeleted: true })).toMatchObject({
      id: 2,
      deletedAt: expect.any(Date),
    });
    expect(await items.find({ withDeleted: true })).toHaveLength(2);
    expect(await items.find({ withDeleted: true, where: { deletedAt: IsNull() } })).toHaveLength(1);
  });

  it('transforms each value that it looks for', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    for (const lower of ['X', In(['Z', 'X']), Not('Y'), Like('X%')]) {
      expect(await items.find({ where: { lower } })).toHaveLength(1);
    }
  });

  it('finds everything where one of several conditions asks nothing', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    for (const where of [[], {}, [{ label: 'none' }, {}]])
      expect(await items.find({ where })).toHaveLength(1);
  });

  it.each<[string, (text: string) => unknown]>([
    ['texts', (text) => text.replace(/^20/, '19')],
    ['objects', (text) => ({ text })],
  ])(
    'reads values by the parser that the program has set, and makes of %s what TypeORM makes',
    async (_, parse) => {
      const { TIMESTAMPTZ } = pg.types.builtins;
      const parser = pg.types.getTypeParser(TIMESTAMPTZ);
      try {
        pg.types.setTypeParser(TIMESTAMPTZ, parse);
        await using source = await openItems(server.url);
        const found = await createRepository(source.dataSource, Item).findById(2, { withDeleted: true });
        const { dataSource } = source;
        expect(found).toEqual(
          await dataSource.getRepository(Item).findOneOrFail({ where: { id: 2 }, withDeleted: true }),
        );
      } finally {
        pg.types.setTypeParser(TIMESTAMPTZ, parser);
      }
    },
  );

  it('asks on the connection of the transaction that its manager has, beside a repository of TypeORM', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource);
    await unitOfWork.run(async (manager) => {
      await manager.getRepository(Item).update(1, { size: 11 });
      expect(await createRepository(manager, Item).findById(1)).toMatchObject({ size: 11 });
      expect(await manager.getRepository(Item).findOneBy({ id: 1 })).toMatchObject({ size: 11 });
    });
    // Its only connection came back.
    expect(await createRepository(source.dataSource, Item).findById(1)).toMatchObject({ size: 11 });
  });

  it('obeys policies by the settings of its unit of work', async () => {
    await withClient(server.url, (client) =>
      client.query(`
        DROP ROLE IF EXISTS tenant;
        CREATE ROLE tenant LOGIN PASSWORD 'tenant';
        GRANT SELECT ON item TO tenant;
        ALTER TABLE item ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON item USING (label = current_setting('app.label', true))`),
    );
    const url = Object.assign(new URL(server.url), { username: 'tenant', password: 'tenant' }).href;
    await using source = await openItems(url, { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource);
    const find = (label: string) =>
      unitOfWork.run((manager) => createRepository(manager, Item).find(), {
        settings: { 'app.label': label },
      });
    for (let round = 0; round < 3; round += 1) {
      expect(await find('one')).toHaveLength(1);
      expect(await find('none')).toHaveLength(0);
    }
  });

  it.each(['none', 'transaction'] as const)(
    'reads the same where the pooler is said to be %s',
    async (pooler) => {
      await using source = await openItems(server.url, { max: 1 }, { pooler });
      const items = createRepository(source.dataSource, Item);
      for (let round = 0; round < 3; round += 1) {
        expect(await items.find({ where: { size: 10 } })).toEqual([await items.findById(1)]);
      }
    },
  );

  it('gives its connection back when a question fails, and does not tell its parameters', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const items = createRepository(source.dataSource, Item);
    for (let round = 0; round < 3; round += 1) {
      const error = await rejection(items.find({ where: { size: 'never-shown' } }));
      expect(error).toMatchObject({
        name: 'QueryFailedError',
        parameters: [],
        driverError: { code: '22P02' },
      });
    }
    expect(await items.findById(1)).not.toBeNull();
  });
});

describe('a statement that was written by hand', () => {
  const CHOSEN = 'SELECT label, id, size, "deletedAt", lower FROM item WHERE size > $1';

  it('has entities as its answer, whatever the order of its columns', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    for (let round = 0; round < 3; round += 1) {
      expect(await items.query(CHOSEN, [5])).toEqual(
        await items.find({ withDeleted: true, order: { id: 'ASC' } }),
      );
    }
    expect(await items.query('DELETE FROM item WHERE id = 1 RETURNING *')).toMatchObject([{ id: 1 }]);
  });

  it('has the children of an entity', async () => {
    await using database = await openBulkDatabase();
    const { dataSource } = database;
    await dataSource.getRepository(Cat).insert([{ lives: 9 }]);
    const [cat] = await createRepository(dataSource, Animal).query('SELECT kind, lives, id FROM animal');
    expect(cat).toStrictEqual(await dataSource.getRepository(Animal).findOneByOrFail({}));
    expect(cat).toBeInstanceOf(Cat);
  });

  it.each([
    ['SELECT id, size, label FROM item', /it has no lower, deletedAt$/],
    ['SELECT *, 1 AS more FROM item', /it has more, which Item has not, or twice$/],
    ['SELECT *, id FROM item', /it has id, which Item has not, or twice$/],
  ])('is told which columns of %s are wrong, and its connection comes back', async (text, message) => {
    await using source = await openItems(server.url, { max: 1 });
    const items = createRepository(source.dataSource, Item);
    for (let round = 0; round < 3; round += 1) {
      const error = await rejection(items.query(text));
      expect(error).toMatchObject({
        code: 'ANSWER_MISMATCH',
        message: expect.stringMatching(message),
      });
    }
    expect(await items.find()).toHaveLength(1);
  });

  it('leaves its connection and its transaction as they were when its columns are wrong', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const readPid = (manager: EntityManager) => manager.query('SELECT pg_backend_pid() AS pid');
    const [before] = await readPid(source.dataSource.manager);
    const text = 'SELECT id FROM item WHERE id = $1';
    for (let round = 0; round < 4; round += 1) {
      await source.dataSource.transaction(async (manager) => {
        expect(await rejection(createRepository(manager, Item).query(text, [1]))).toBeInstanceOf(
          AnswerMismatchError,
        );
        expect(await manager.query(text, [1])).toEqual([{ id: 1 }]);
        expect(await readPid(manager)).toEqual([before]);
      });
    }
  });
});

describe('a statement of a repository', () => {
  it('is written as Bind, Execute and Sync once it is prepared', async () => {
    await using proxy = await openProxy(server);
    await using source = await openItems(proxy.urlThrough(server.url), { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const sent: string[] = [];
    proxy.onMessage(({ direction, type }: ProxyMessage) => {
      if (direction === 'frontend') sent.push(type);
    });
    const observe = async () => {
      sent.length = 0;
      await items.findById(1);
      return sent.join('');
    };
    expect(await observe()).toBe('PBDES');
    expect(await observe()).toMatch(/^C*PBDES$/);
    expect(await observe()).toBe('BES');
    // One of TypeORM as well.
    const repository = source.dataSource.getRepository(Item);
    for (let use = 0; use < 3; use += 1) await repository.findBy({ id: 1 });
    sent.length = 0;
    await repository.findBy({ id: 1 });
    expect(sent.join('')).toBe('BES');
    // The control: nobody keeps what the columns of this one are.
    sent.length = 0;
    await repository.find({ where: { id: 1 }, comment: CUSTOM_PLAN });
    expect(sent.join('')).toBe('PBDES');
  });
});

describe('what a repository does not support', () => {
  it.each<[string, EntityTarget<ObjectLiteral>, RegExp]>([
    ['a lazy relation', LazyPart, /LazyPart does not support the relation item: it loads itself lazily/],
    ['an eager relation', EagerPart, /the relation item: it is loaded with every entity/],
    ['a computed property', Computed, /the property next: it is an expression/],
    ['a listener', Listening, /the listener notice: nothing is called after a load/],
    ['a view', Seen, /entities of kind view/],
    ['a relation id', Referring, /relation ids: each is a statement of its own/],
    ['an entity without a class', 'Classless', /entities without a class: rows become instances/],
  ])('%s is refused by name', async (_kind, entity, message) => {
    await using source = await openItems(server.url);
    expect(() => createRepository(source.dataSource, entity)).toThrow(message);
  });

  it('a subscriber that wants to hear of loads is refused, and one of another entity is none of its business', async () => {
    const other = { listenTo: () => Part, afterLoad: () => undefined };
    const own = { listenTo: () => Item, afterLoad: () => undefined };
    await using source = await openItems(server.url);
    source.dataSource.subscribers.push(other);
    expect(() => createRepository(source.dataSource, Item)).not.toThrow();
    await using second = await openItems(server.url);
    second.dataSource.subscribers.push(own);
    expect(() => createRepository(second.dataSource, Item)).toThrow(/subscribers with afterLoad/);
  });

  it.each([
    ['a child', Cat, Animal],
    ['its parent', Animal, Cat],
  ])('a subscriber that listens to %s of the entity is refused', async (_, listened, entity) => {
    await using source = await openItems(server.url, {}, { entities: [Animal, Cat] });
    const create = () => createRepository<object>(source.dataSource, entity);
    expect(create).not.toThrow();
    source.dataSource.subscribers.push({ listenTo: () => listened, afterLoad: () => undefined });
    expect(create).toThrow(/subscribers with afterLoad/);
  });

  it('the relations of a tree are refused by name', async () => {
    await using source = await openItems(server.url);
    const branches = createRepository(source.dataSource, Branch);
    for (const relation of ['parent', 'branches']) {
      expect(String(await rejection(branches.find({ relations: { [relation]: true } })))).toMatch(
        `the relation ${relation}: it is one of a tree`,
      );
    }
  });

  it.each<[object, RegExp]>([
    [{ where: { size: Raw('1') } }, /the operator raw: where.size has it/],
    [{ where: { label: JsonContains({}) } }, /the operator jsonContains/],
    [{ where: { size: undefined } }, /where.size must be a value, or the operator IsNull/],
    [{ where: { size: null } }, /where.size must be a value, or the operator IsNull/],
    [{ where: { nothing: 1 } }, /where.nothing must be one of id, size, label, lower, deletedAt/],
    [{ where: 'size = 1' }, /where must be an object of conditions/],
    [{ order: { nothing: 'ASC' } }, /order.nothing must be one of id, size/],
    [{ order: { size: 'UP' } }, /order.size must be 'ASC' or 'DESC'/],
    [{ select: [] }, /select must be a list of at least one path/],
    [{ select: ['nothing'] }, /select must be a property of Item with columns/],
    [{ limit: -1 }, /limit must be/],
    [{ offset: 0.5 }, /offset must be/],
    [{ withDeleted: 1 }, /withDeleted must be true or false/],
    [{ relations: [] }, /relations must be true, false, or an object/],
  ])('%p is refused by name, and nothing is sent', async (options, message) => {
    await using source = await openItems(server.url);
    expect(String(await rejection(createRepository(source.dataSource, Item).find(options)))).toMatch(message);
  });

  it('conditions on a relation are refused by name', async () => {
    await using source = await openItems(server.url);
    const parts = createRepository(source.dataSource, Part);
    expect(String(await rejection(parts.find({ where: { item: { id: 1 } } })))).toMatch(
      /conditions on the relation item: it joins nothing/,
    );
  });
});
