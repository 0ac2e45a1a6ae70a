import { type DataSource, EntitySchema, type EntitySchemaOptions } from 'typeorm';
import { generate } from '../generate/generate';
import { openScratch, type Scratch } from '../test/scratch';
import { planChanges } from './plan-changes';

const COLUMNS = {
  id: { type: 'integer', primary: true, primaryKeyConstraintName: 'addresses_key' },
  street: { type: 'varchar', length: 80 },
  town: { type: 'text' },
} as const;

type Options = Partial<EntitySchemaOptions<object>>;

const entity = (tableName: string, options: Options = {}) =>
  new EntitySchema<object>({ name: tableName, tableName, columns: COLUMNS as never, ...options });

const ADDRESSES = `create table addresses (
  id integer constraint addresses_key primary key, street varchar(80) not null, town text not null
)`;

describe('names that a plan gives to something new', () => {
  let scratch: Scratch;
  let admin: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    admin = scratch.dataSource;
  });
  beforeEach(() => admin.query('drop schema public cascade; create schema public'));
  afterAll(() => scratch.close());

  const plan = async (entities: EntitySchema<object>[], allow: string[] = []) => {
    const target = await scratch.open({ entities });
    try {
      return await planChanges(target, { allow });
    } finally {
      await target.destroy();
    }
  };

  describe('of a table that its entity names otherwise', () => {
    const renamed = entity('postal_addresses', { indices: [{ name: 'by_town', columns: ['town'] }] });
    const old = `${ADDRESSES}; create index by_town on addresses (town)`;

    it('are refused before anything is written, with the rename that keeps the rows', async () => {
      await admin.query(old);
      const { refused } = await plan([renamed], ['rename-table']);
      const rename = 'ALTER TABLE "public"."addresses" RENAME TO "postal_addresses"';
      expect(refused).toMatchObject([
        {
          id: 'name-taken',
          target: 'postal_addresses.addresses_key',
          message: expect.stringMatching(/its name belongs to constraint addresses_key of public.addresses$/),
          instead: expect.stringContaining(rename),
        },
        { id: 'name-taken', target: 'postal_addresses.by_town', instead: expect.stringContaining(rename) },
      ]);
      const target = await scratch.open({ entities: [renamed] });
      const written = generate(target, { name: 'rename', directory: '/nowhere', allow: ['rename-table'] });
      await expect(written).rejects.toMatchObject({ code: 'HOLDFAST_HAZARD_REFUSED' });
      // What the server would have said in the middle of the migration.
      await expect(
        admin.query('create table p (id integer constraint addresses_key primary key)'),
      ).rejects.toThrow(/already exists/);
      await admin.query(rename);
      expect((await plan([renamed])).steps).toEqual([]);
    });

    it('is told to leave its rows behind, until a new one is meant', async () => {
      await admin.query(ADDRESSES.replace('constraint addresses_key ', ''));
      const { refused } = await plan([renamed]);
      expect(refused).toMatchObject([
        {
          id: 'rename-table',
          verdict: 'allow',
          target: 'postal_addresses',
          message: expect.stringMatching(
            /addresses, which no entity has, has the same columns, and its rows stay behind/,
          ),
          instead: expect.stringContaining('ALTER TABLE "public"."addresses" RENAME TO "postal_addresses"'),
        },
      ]);
      expect((await plan([renamed], ['rename-table'])).refused).toEqual([]);
      expect((await plan([renamed], ['rename-table:postal_addresses'])).refused).toEqual([]);
    });

    it.each([
      ['a column more', `${ADDRESSES}; alter table addresses add zip text`, true],
      ['two columns more', `${ADDRESSES}; alter table addresses add zip text, add country text`, false],
      [
        'a column of another type',
        `${ADDRESSES}; alter table addresses alter street type bytea using ''`,
        false,
      ],
      [
        'partitions',
        `${ADDRESSES.replace('constraint addresses_key primary key', '')} partition by range (id)`,
        true,
      ],
    ])('is found with %s, or not', async (_, sql, isFound) => {
      await admin.query(sql.replaceAll('constraint addresses_key', ''));
      const { refused } = await plan([renamed]);
      expect(refused.map(({ id }) => id)).toEqual(isFound ? ['rename-table'] : []);
    });

    it('is none that another entity has, one that it does not synchronise included', async () => {
      await admin.query(ADDRESSES.replace('constraint addresses_key ', ''));
      const other = entity('addresses', { synchronize: false });
      expect((await plan([renamed, other])).refused).toEqual([]);
    });
  });

  it.each<[string, string, string, Options, string]>([
    [
      'an index by a table',
      'create table taken ()',
      'things',
      { indices: [{ name: 'taken', columns: ['town'] }] },
      'table public.taken',
    ],
    [
      'a unique constraint by a sequence',
      'create sequence taken',
      'things',
      { uniques: [{ name: 'taken', columns: ['town'] }] },
      'sequence public.taken',
    ],
    [
      'a unique constraint by an index of a stranger',
      'create table s (a integer); create index taken on s (a)',
      'things',
      { uniques: [{ name: 'taken', columns: ['town'] }] },
      'an index of public.s',
    ],
    ['a table by an enum', `create type taken as enum ('a')`, 'taken', {}, 'type public.taken'],
    ['a table by a view', 'create view taken as select 1 as id', 'taken', {}, 'view public.taken'],
    [
      'a table by a materialized view',
      'create materialized view taken as select 1 as id',
      'taken',
      {},
      'view public.taken',
    ],
    [
      'a table by an index',
      'create table s (a integer); create index taken on s (a)',
      'taken',
      {},
      'an index of public.s',
    ],
  ])('are refused where that of %s is taken', async (_, sql, table, options, owner) => {
    await admin.query(sql);
    const { refused, steps } = await plan([entity(table, options)]);
    expect(refused).toMatchObject([{ id: 'name-taken', verdict: 'never' }]);
    expect(refused[0]?.message).toContain(`its name belongs to ${owner}`);
    expect(steps.filter(({ kind }) => kind === 'refused')).toHaveLength(1);
  });

  it('are refused on a table that exists, where a constraint of another kind or an index has them', async () => {
    await admin.query(`${ADDRESSES}; alter table addresses add constraint c unique (town), add constraint u check (id > 0);
      create index v on addresses (street)`);
    const { refused } = await plan(
      [
        entity('addresses', {
          checks: [{ name: 'u', expression: '"id" > 0' }],
          uniques: [
            { name: 'c', columns: ['town'] },
            { name: 'v', columns: ['street'] },
            { name: 'addresses_key', columns: ['street', 'town'] },
          ],
        }),
      ],
      ['drop-index'],
    );
    expect(refused.map(({ id, target }) => `${id} ${target}`)).toEqual([
      'name-taken addresses.v',
      'name-taken addresses.addresses_key',
    ]);
  });

  it('are refused for a check whose name the primary key has', async () => {
    await admin.query(ADDRESSES);
    const checks = [{ name: 'addresses_key', expression: '"id" > 0' }];
    expect((await plan([entity('addresses', { checks })])).refused).toMatchObject([
      { id: 'name-taken', message: expect.stringContaining('another kind of constraint of the table') },
    ]);
  });

  it('are refused where two new things would have them', async () => {
    const uniques = [{ name: 'same', columns: ['town'] }];
    const { refused } = await plan([
      entity('addresses', { uniques }),
      entity('places', {
        uniques,
        columns: { id: { type: 'integer', primary: true }, town: { type: 'text' } } as never,
      }),
    ]);
    expect(refused).toMatchObject([
      {
        id: 'name-taken',
        message: expect.stringContaining('belongs to the new constraint of addresses same'),
      },
    ]);
  });

  it('are free where the plan takes them from another index or constraint first', async () => {
    await admin.query(`${ADDRESSES}; create table places (id integer primary key, town text constraint u unique);
      create index i on places (town)`);
    const places = entity('places', {
      columns: { id: { type: 'integer', primary: true }, town: { type: 'text', nullable: true } } as never,
    });
    const addresses = entity('addresses', {
      uniques: [{ name: 'u', columns: ['town'] }],
      indices: [{ name: 'i', columns: ['town'] }],
    });
    const { refused } = await plan([addresses, places], ['drop-index', 'drop-constraint']);
    expect(refused).toEqual([]);
  });

  it('are those of an index that is invalid and is built again', async () => {
    await admin.query(`${ADDRESSES}; insert into addresses values (1, 'a', 'a'), (2, 'a', 'a')`);
    await expect(admin.query('create unique index concurrently i on addresses (town)')).rejects.toThrow();
    const { refused, steps } = await plan([
      entity('addresses', { indices: [{ name: 'i', columns: ['town'], unique: true }] }),
    ]);
    expect(refused).toEqual([]);
    expect(steps).toMatchObject([{ kind: 'build index', object: 'i' }]);
  });

  it('of a new table are not those of a partition under another name', async () => {
    await admin.query(`${ADDRESSES.replace('constraint addresses_key primary key', '')} partition by range (id);
      create table part partition of addresses default`);
    const columns = { ...COLUMNS, id: { type: 'integer', primary: true } } as never;
    const known = entity('addresses', { columns, synchronize: false });
    expect((await plan([known, entity('postal_addresses', { columns })])).refused).toEqual([]);
  });
});
