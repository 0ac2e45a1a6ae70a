import 'reflect-metadata';
import { openTemporaryServer, postgresVersions, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource, type QueryRunner } from 'typeorm';
import type { IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { canonicalise } from './canonicalise';
import { compareIndexes } from './compare-indexes';
import { readIndexes } from './read-indexes';

/** Tables of which an empty clone could lose what an index needs. */
const TABLES = `
  create schema app; create schema ext; create schema "Odd Schema";
  create extension pg_trgm schema ext;
  create extension citext;
  create type app.mood as enum ('sad', 'happy');
  create type app.place as (street text, town text);
  create domain app.code as text collate "C" check (value <> '');
  create function app.fold(text) returns text immutable strict language sql as 'select lower($1)';
  create function visible(text) returns text immutable strict language sql as 'select upper($1)';

  create table shifted (gone_1 text, a text, gone_2 integer, b integer);
  alter table shifted drop column gone_1, drop column gone_2, add column c text collate "C";
  create table app.orders (
    id bigint generated always as identity,
    total numeric(10, 2) default 0,
    mood app.mood,
    code app.code,
    home app.place,
    label name,
    body text,
    mail citext,
    at timestamptz,
    period tstzrange,
    doubled numeric generated always as (total * 2) stored,
    primary key (id),
    exclude using gist (period with &&)
  );
  create table orders (id integer, total integer, at timestamptz);
  create unlogged table unlogged (a text);
  create table parent (a text, b integer); create table child (c text) inherits (parent);
  create table parted (a text, at timestamptz not null, b integer) partition by range (at);
  create table parted_old partition of parted for values from (minvalue) to ('2024-01-01');
  create table parted_by (a text, b integer) partition by list ((lower(a)) collate "C");
  create table "Odd Schema"."Odd ""Table""" ("Grüße" text, "select" integer, "a.b" text);
  create table ${'x'.repeat(63)} (a text);
  create table guarded (a text, b integer); alter table guarded enable row level security, force row level security;
`;

const app = (keys: readonly string[], more: Partial<IndexDefinition> = {}): IndexDefinition => ({
  schema: 'app',
  table: 'orders',
  name: 'idx',
  keys,
  ...more,
});

/** What is declared, and how somebody else has built the same index where not in the same words. */
const SHAPES: readonly [string, IndexDefinition, string?][] = [
  ['a column behind dropped ones', { table: 'shifted', name: 'idx', keys: ['"b"', '"c"'], include: ['a'] }],
  ['a column with a collation of its own', { table: 'shifted', name: 'idx', keys: ['(lower("c"))', '"c"'] }],
  ['a generated column', app(['"doubled"'], { where: '"doubled" > 10' })],
  ['an identity column', app(['"id" DESC'])],
  ['an enumerated type off the path', app(['"mood"'], { where: `"mood" = 'happy'` })],
  ['several enumerated values', app(['"id"'], { where: `"mood" in ('happy', 'sad')` })],
  ['a domain with a collation', app(['"code"', '(lower("code"))'])],
  ['a part of a composite type', app(['(("home")."town")'])],
  ['the type name', app(['"label"', '(("label")::text)'])],
  ['citext', app(['"mail"'], { unique: true })],
  ['a range', app(['"period"'], { method: 'gist' })],
  ['a function off the path', app(['(app.fold("body"))'])],
  ['a function on the path', app(['(visible("body"))'], { where: 'visible("body") is not null' })],
  ['an operator class off the path', app(['"body" ext.gin_trgm_ops'], { method: 'gin' })],
  ['an operator class with a parameter', app(['"body" ext.gist_trgm_ops(siglen=64)'], { method: 'gist' })],
  ['text search', app([`(to_tsvector('english', coalesce("body", '')))`], { method: 'gin' })],
  ['a date in a zone', app([`((("at" at time zone 'UTC'))::date)`])],
  ['a moment in a predicate', app(['"id"'], { where: `"at" > '2024-02-29 12:00:00+02'` })],
  ['a number in a predicate', app(['"id"'], { where: '"total" between 1 and 10.50' })],
  ['a column that names its table', app(['("orders"."total" + 1)'], { where: 'orders.total is not null' })],
  ['a table of the same name elsewhere', { table: 'orders', name: 'idx', keys: ['"total"', '"at"'] }],
  ['an unlogged table', { table: 'unlogged', name: 'idx', keys: ['"a"'] }],
  ['an inherited column', { table: 'child', name: 'idx', keys: ['"a"', '"c"'] }],
  ['a partitioned table', { table: 'parted', name: 'idx', keys: ['"a"', '"at"'], unique: true }],
  ['a table partitioned by an expression', { table: 'parted_by', name: 'idx', keys: ['"b"'] }],
  ['a partition', { table: 'parted_old', name: 'idx', keys: ['"b"'] }],
  [
    'names that must be quoted',
    {
      schema: 'Odd Schema',
      table: 'Odd "Table"',
      name: 'idx',
      keys: ['"Grüße"', '("a.b" || \'x\')'],
      include: ['select'],
      where: '"select" > 0',
    },
  ],
  ['a name as long as can be', { table: 'x'.repeat(63), name: 'idx', keys: ['"a"'] }],
  ['row security', { table: 'guarded', name: 'idx', keys: ['"a"'] }],
  [
    'a parameter in another spelling',
    app(['"at"'], { method: 'brin', storage: { autosummarize: true } }),
    'create index idx on app.orders using brin (at) with (autosummarize = on)',
  ],
  [
    'a statistics target',
    app(['(lower("body"))']),
    'create index idx on app.orders (lower(body)); alter index app.idx alter column 1 set statistics 500',
  ],
  [
    'a predicate in other words',
    app(['"id"'], { where: `"total" > 1 and ("mood" <> 'sad')` }),
    `create index idx on app.orders (id) where (((total > 1::numeric)) and mood != 'sad'::app.mood)`,
  ],
  [
    'a cluster order',
    app(['"at"']),
    'create index idx on app.orders (at); alter table app.orders cluster on idx',
  ],
];

describe.each(postgresVersions)('on PostgreSQL %i', (version) => {
  let server: TemporaryServer;
  let dataSource: DataSource;
  let runner: QueryRunner;

  beforeAll(async () => {
    server = await openTemporaryServer({ version });
    dataSource = await new DataSource({ type: 'postgres', url: server.url }).initialize();
    runner = dataSource.createQueryRunner();
    await runner.query(TABLES);
  });

  afterAll(async () => {
    await runner?.release();
    await dataSource?.destroy();
    await server?.stop();
  });

  const read = async (definition: IndexDefinition) => {
    const { schema, table, name } = definition;
    const [actual] = await readIndexes(runner, { schema, tables: [table], name });
    if (actual === undefined) throw new Error('not read');
    return actual;
  };

  const canonical = async (definition: IndexDefinition) => {
    const [result] = await canonicalise(runner, [definition]);
    return result;
  };

  it.each(
    SHAPES.map(
      ([shape, definition, built = renderCreateIndex(definition)]) => [shape, definition, built] as const,
    ),
  )('takes %s for what it is', async (_, definition, built) => {
    await runner.query(built);
    try {
      const declared = await canonical(definition);
      if (declared === undefined || 'refusal' in declared) throw declared?.refusal;
      expect(compareIndexes(declared.index, await read(definition))).toEqual([]);
    } finally {
      const place = definition.schema ?? 'public';
      await runner.query(`drop index "${place}".idx`);
    }
  });

  it('leaves none of its clones, and the tables as they were', async () => {
    await canonicalise(
      runner,
      SHAPES.map(([, definition]) => definition),
    );
    const rows = await runner.query(`select relname from pg_class where relnamespace = pg_my_temp_schema()`);
    expect(rows).toEqual([]);
    expect(runner.isTransactionActive).toBe(false);
  });

  it('refuses a unique index that lacks the key of the partitions, as the table would', async () => {
    const definition = { table: 'parted', name: 'idx', keys: ['"a"'], unique: true };
    await expect(runner.query('create unique index idx on parted (a)')).rejects.toThrow(/partition/);
    expect(await canonical(definition)).toMatchObject({
      refusal: { message: expect.stringMatching(/unique constraint on partitioned table must include/) },
    });
  });

  it('throws what is no fault of the definition', async () => {
    const other = dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query('lock table app.orders in access exclusive mode');
    await runner.query(`set lock_timeout = '50ms'`);
    try {
      await expect(canonical(app(['"id"']))).rejects.toMatchObject({ driverError: { code: '55P03' } });
    } finally {
      await runner.query('reset lock_timeout');
      await other.rollbackTransaction();
      await other.release();
    }
    expect(runner.isTransactionActive).toBe(false);
  });

  it('says that this role may not read a table, and blames no index', async () => {
    await runner.query('create role reader; grant usage on schema app to reader; set role reader');
    try {
      await expect(canonical(app(['"id"']))).rejects.toMatchObject({
        code: 'HOLDFAST_TABLE_NOT_READABLE',
        table: 'app.orders',
        message: expect.stringContaining('GRANT SELECT ON "app"."orders"'),
      });
    } finally {
      await runner.query('reset role; drop owned by reader; drop role reader');
    }
  });

  if (version >= 18) {
    it('refuses an index on a virtual column, as the table would', async () => {
      await runner.query('create table virtual (a integer, v integer generated always as (a * 2) virtual)');
      await expect(runner.query('create index idx on virtual (v)')).rejects.toThrow(/virtual/);
      expect(await canonical({ table: 'virtual', name: 'idx', keys: ['"v"'] })).toMatchObject({
        refusal: { message: expect.stringMatching(/virtual generated columns/) },
      });
    });
  }
});
