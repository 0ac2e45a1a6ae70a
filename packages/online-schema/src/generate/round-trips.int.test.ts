import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaOptions } from 'typeorm';
import { planChanges } from '../plan/plan-changes';
import { type Columns, id } from '../test/plan-thing';
import { roundTrip } from '../test/round-trip';
import { openScratch, type Scratch } from '../test/scratch';

const nullable = { nullable: true } as const;
const whole: EntitySchemaColumnOptions = { type: 'integer', ...nullable };

function entity(
  name: string,
  columns: Columns,
  more: Partial<EntitySchemaOptions<object>> = {},
): EntitySchema<object> {
  return new EntitySchema<object>({
    name,
    tableName: name,
    columns: { id, ...columns } as never,
    ...more,
  });
}

const thing = (columns: Columns, more: Partial<EntitySchemaOptions<object>> = {}) =>
  entity('things', columns, more);
const things = (columns: string, ...more: string[]) =>
  [`create table things (id integer primary key, ${columns})`, ...more].join('; ');
const reference = (column: string, more: object = {}) => ({
  foreignKeys: [
    { name: 'fk', columnNames: [column], referencedColumnNames: ['id'], target: 'owners', ...more },
  ],
});
const owners = entity('owners', {});
const OWNERS = 'create table owners (id integer primary key);';

/** What is there, what is declared, and what has to be allowed. */
const TRIPS: readonly [string, string, readonly EntitySchema<object>[], string[]?][] = [
  ['defaults that PostgreSQL spells otherwise', things('b integer'), [thing({ b: whole, ...defaults() })]],
  [
    'an integer that becomes text',
    things('a integer', 'insert into things values (1, 7)'),
    [thing({ a: { type: 'text', ...nullable } })],
    ['change-type'],
  ],
  [
    'an enum that becomes text',
    `create type things_a_enum as enum ('x'); ${things('a things_a_enum', `insert into things values (1, 'x')`)}`,
    [thing({ a: { type: 'text', ...nullable } })],
    ['change-type'],
  ],
  [
    'a type change and a rename that TypeORM would guess',
    things('a varchar(5), b integer'),
    [thing({ b: whole, c: whole })],
    ['drop-column'],
  ],
  [
    'a check of the same name',
    things('a integer, constraint c check (a > 0)'),
    [thing({ a: whole }, { checks: [{ name: 'c', expression: 'a > 5' }] })],
  ],
  [
    'a unique constraint of the same name',
    things('a integer, b integer, c integer, constraint u unique (a, b)'),
    [thing({ a: whole, b: whole, c: whole }, { uniques: [{ name: 'u', columns: ['a', 'c'] }] })],
  ],
  [
    'a foreign key of the same name',
    `${OWNERS} ${things('a integer, b integer, constraint fk foreign key (a) references owners on delete cascade deferrable initially deferred')}`,
    [owners, thing({ a: whole, b: whole }, reference('b'))],
  ],
  [
    'a hand-made check, unique constraint and foreign key under other names',
    `${OWNERS} ${things('a integer check (a > 0), b integer references owners, unique (a, b)')}`,
    [
      owners,
      thing(
        { a: whole, b: whole },
        {
          ...reference('b'),
          uniques: [{ name: 'u', columns: ['a', 'b'] }],
          checks: [{ name: 'c', expression: 'a>0' }],
        },
      ),
    ],
  ],
  [
    'two checks and two exclusion constraints, which TypeORM makes side by side',
    things('a integer, b integer'),
    [thing({ a: whole, b: whole }, twoOfEach())],
    ['add-exclusion'],
  ],
  [
    'two checks and two exclusion constraints that go',
    things(
      'a integer check (a > 0), b integer check (b > 0), exclude using btree (a with =), exclude using btree (b with =)',
    ),
    [thing({ a: whole, b: whole })],
    ['drop-constraint'],
  ],
  [
    'one enum type in two new tables',
    'select 1',
    [entity('one', { mood: mood() }), entity('two', { mood: mood({ array: true }) })],
  ],
  [
    'one enum type of which a column goes',
    `create type mood as enum ('calm', 'busy'); create table one (id integer primary key, mood mood, k integer); create table two (id integer primary key, mood mood)`,
    [entity('one', { k: whole }), entity('two', { mood: mood() })],
    ['drop-column'],
  ],
  [
    'an enum type of which all columns go',
    `create type mood as enum ('calm', 'busy'); create table one (id integer primary key, mood mood, k integer); create table two (id integer primary key, mood mood, k integer)`,
    [entity('one', { k: whole }), entity('two', { k: whole })],
    ['drop-column'],
  ],
  [
    'a foreign key to what an index makes unique',
    'create table owners (id integer primary key, code text)',
    [
      entity(
        'owners',
        { code: { type: 'text', ...nullable } },
        { indices: [{ name: 'owners_code', columns: ['code'], unique: true }] },
      ),
      thing(
        { code: { type: 'text', ...nullable } },
        {
          foreignKeys: [
            { name: 'fk', columnNames: ['code'], referencedColumnNames: ['code'], target: 'owners' },
          ],
        },
      ),
    ],
  ],
  [
    'a column of a table with heirs',
    things('a integer', 'create table heirs () inherits (things)'),
    [thing({ a: { type: 'integer' } })],
  ],
  [
    'operators that a formatter may not know',
    'select 1',
    [
      thing(
        {
          r: { type: 'int4range', ...nullable },
          p: { type: 'point', ...nullable },
          a: { type: 'text', ...nullable },
        },
        {
          checks: [
            {
              name: 'c',
              expression: `r -|- '[1,2)'::int4range or p <<| point '(1,1)' or |/ 25.0 > 1 or a !~~* 'x  -- y' or a <> $$it's$$`,
            },
          ],
        },
      ),
    ],
  ],
];

function twoOfEach(): Partial<EntitySchemaOptions<object>> {
  const both = ['a', 'b'];
  return {
    checks: both.map((name) => ({ name: `check_${name}`, expression: `${name} > 0` })),
    exclusions: both.map((name) => ({ name: `apart_${name}`, expression: `USING btree (${name} WITH =)` })),
  };
}

function mood(more: object = {}): EntitySchemaColumnOptions {
  return { type: 'enum', enum: ['calm', 'busy'], enumName: 'mood', ...nullable, ...more };
}

function defaults(): Columns {
  const of = (type: string, value: unknown): EntitySchemaColumnOptions =>
    ({ type, default: typeof value === 'string' ? () => value : value }) as EntitySchemaColumnOptions;
  return {
    sum: of('integer', '1 + 1'),
    cast: of('varchar', `'x'::varchar`),
    later: of('timestamptz', `now() + interval '1 day'`),
    json: of('jsonb', `'{"b": 1,   "a": 2}'`),
    who: of('text', 'current_user'),
    none: { ...of('text', 'NULL'), ...nullable },
    instant: of('timestamptz', `'2020-01-01T00:00:00Z'`),
    setting: of('text', `coalesce(current_setting('app.x', true), 'none')`),
    list: { type: 'text', array: true, default: [] },
  };
}

describe.each([17, 18] as const)('what is generated for PostgreSQL %i', (version) => {
  let server: TemporaryServer;
  let scratch: Scratch;

  beforeAll(async () => {
    server = await openTemporaryServer({ version });
    scratch = await openScratch({ url: server.url });
  });
  afterAll(async () => {
    await scratch.close();
    await server[Symbol.asyncDispose]();
  });

  it.each(TRIPS)(
    'makes what is declared of %s, is never written again, and is reverted',
    async (_, sql, entities, allow = []) => {
      const { plan, before, again, reverted } = await roundTrip(scratch, sql, entities, { allow });
      expect(plan.steps.length).toBeGreaterThan(0);
      expect(again).toEqual({ steps: [], refused: [] });
      expect(reverted).toEqual(before);
    },
  );

  it('brings a check back that was never validated, as one that is', async () => {
    const sql = `${things('a integer')}; alter table things add constraint c check (a > 0) not valid`;
    const { before, reverted } = await roundTrip(scratch, sql, [thing({ a: whole })], {
      allow: ['drop-constraint'],
    });
    expect(before).toContain('constraint things.c CHECK ((a > 0)) NOT VALID valid=f');
    expect(reverted).toContain('constraint things.c CHECK ((a > 0)) valid=t');
  });

  it('brings a column back without the NOT NULL that rows would break, where TypeORM could not bring it back', async () => {
    const sql = things('a integer not null, b integer', 'insert into things values (1, 2, 3)');
    const { before, reverted } = await roundTrip(scratch, sql, [thing({ b: whole })], {
      allow: ['drop-column'],
    });
    expect(before).toContain('column things.a integer not null');
    expect(reverted).toContain('column things.a integer');
  });

  it('counts on after the highest number when a column of a table begins to count', async () => {
    const sql = things('b integer', 'insert into things values (40, 1), (41, 2)');
    const counting = entity('things', {
      id: { type: 'integer', primary: true, generated: 'increment' },
      b: whole,
    });
    const target = await scratch.open({ entities: [counting] });
    try {
      await scratch.dataSource.query(`drop schema public cascade; create schema public; ${sql}`);
      // TypeORM's sequence begins at 1, which is as good as a collision.
      const { upQueries } = await target.driver.createSchemaBuilder().log();
      expect(upQueries.some(({ query }) => query.includes('setval'))).toBe(false);
      for (const { statements } of (await planChanges(target)).steps)
        for (const statement of statements) await target.query(statement);
      await target.query('insert into things (b) values (3)');
      expect(await target.query('select max(id) as id from things')).toEqual([{ id: 42 }]);
    } finally {
      await target.destroy();
    }
  });
});
