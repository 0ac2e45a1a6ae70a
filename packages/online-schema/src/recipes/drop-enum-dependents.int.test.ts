import type { DataSource } from 'typeorm';
import { killBefore } from '../test/kill-session';
import { createOrders, runRecipe } from '../test/orders';
import { readSchema } from '../test/read-schema';
import { openScratch, type Scratch } from '../test/scratch';
import { dropEnumValue } from './drop-enum-value';

const VALUE = { type: 'mood', value: 'away' };
const WITH_VALUE = `alter type mood add value 'away' after 'calm'`;

/** A change of the type by hand, which knows of columns and their defaults alone. */
const BY_HAND = [
  'alter type mood rename to mood_before',
  `create type mood as enum ('calm', 'busy')`,
  'alter table moods alter one drop default, alter many drop default',
  'alter table moods alter one type mood using one::text::mood, alter many type mood[] using many::text[]::mood[]',
  `alter table moods alter one set default 'calm', alter many set default '{calm,busy}'`,
  'drop type mood_before',
];

const RESTORED: readonly [string, string[]][] = [
  ['a partial index', [`create index moods_calm on moods (id) where one = 'calm'`]],
  [
    'a partial unique index of arrays',
    [`create unique index moods_many on moods (id) where 'busy' = any (many)`],
  ],
  ['an index of an expression', [`create index moods_is_calm on moods ((one = 'calm'))`]],
  ['a check', [`alter table moods add constraint moods_one check (one <> 'busy')`]],
  [
    'a check that is not validated',
    [`alter table moods add constraint moods_never check (one <> 'calm') not valid`],
  ],
  ['a default of another column', [`alter table moods add note text default ('calm'::mood)::text`]],
  [
    'a foreign key',
    [
      'create table levels (mood mood primary key)',
      `insert into levels values ('calm'), ('busy')`,
      'alter table moods add constraint moods_level foreign key (one) references levels (mood) on delete cascade',
    ],
  ],
  [
    'an exclusion constraint',
    [`alter table moods add constraint moods_apart exclude using btree (id with =) where (one = 'calm')`],
  ],
];

const REFUSED: readonly [string, string[], string][] = [
  ['a view', [`create view calm_moods as select id from moods where one = 'calm'`], 'view calm_moods'],
  [
    'a materialized view',
    ['create materialized view kept as select one from moods'],
    'materialized view kept',
  ],
  ['a policy', [`create policy calm_only on moods using (one = 'calm')`], 'policy calm_only on table moods'],
  [
    'a rule',
    [`create rule keep_busy as on delete to moods where old.one = 'busy' do instead nothing`],
    'rule keep_busy on table moods',
  ],
  [
    'a function that takes it',
    [`create function f(mood) returns int language sql return 1`],
    'function f(mood)',
  ],
  [
    'a function that returns arrays of it',
    [`create function h() returns mood[] language plpgsql as 'begin end'`],
    'function h()',
  ],
  [
    'the body of a function in SQL',
    [
      `create function g() returns bigint language sql begin atomic select count(*) from moods where one = 'calm'; end`,
    ],
    'function g()',
  ],
  [
    'a generated column',
    [`alter table moods add is_calm boolean generated always as (one = 'calm') stored`],
    'generated column is_calm of table moods',
  ],
  [
    'a partition key',
    ['create table parts (one mood) partition by list (one)'],
    'partition key of table parts',
  ],
  [
    'an expression in a partition key',
    [`create table parts (one mood) partition by list ((one = 'calm'))`],
    'partition key of table parts',
  ],
  ['a domain', ['create domain tempers as mood'], 'type tempers'],
  ['a composite type', ['create type pair as (a mood)'], 'column a of composite type pair'],
  [
    'a trigger',
    [
      'create function t() returns trigger language plpgsql as $$ begin return new; end $$',
      `create trigger on_busy before update on moods for each row when (new.one = 'busy') execute function t()`,
    ],
    'trigger on_busy on table moods',
  ],
  [
    'statistics of an expression',
    [`create statistics calm_count on (one = 'calm') from moods`],
    'statistics object calm_count',
  ],
];

describe('dropEnumValue and what depends on the type', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  const reset = async (more: readonly string[]) => {
    await dataSource.query('drop schema public cascade');
    await dataSource.query('create schema public');
    await createOrders(dataSource, more);
  };
  const drop = () => runRecipe(dataSource, (runner) => dropEnumValue(runner, VALUE));
  const changeByHand = () =>
    dataSource.transaction(async (manager) => {
      for (const statement of BY_HAND) await manager.query(statement);
    });

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  it.each(RESTORED)('brings %s back as it was, on which a change by hand fails', async (_, statements) => {
    await reset(statements);
    const expected = await readSchema(dataSource);
    await dataSource.query(WITH_VALUE);
    await expect(changeByHand()).rejects.toThrow(
      /operator does not exist|cannot be implemented|depend on it/,
    );
    await drop();
    expect(await readSchema(dataSource)).toEqual(expected);
  });

  it.each(REFUSED)('refuses %s by name and changes nothing, while a change by hand fails', async (...row) => {
    const [, statements, name] = row;
    await reset([...statements, WITH_VALUE]);
    const before = await readSchema(dataSource);
    await expect(changeByHand()).rejects.toThrow();
    await expect(drop()).rejects.toMatchObject({
      code: 'HOLDFAST_TYPE_IN_USE',
      message: expect.stringContaining(`depends on the old one: ${name}; leave the value`),
    });
    expect(await readSchema(dataSource)).toEqual(before);
  });

  it('leaves what a change of the type keeps to the server', async () => {
    await reset([
      'create index moods_one on moods (one) include (id)',
      'create statistics moods_both on one, id from moods',
      'alter table moods add constraint moods_key unique (one, id)',
      'alter table moods replica identity using index moods_pkey',
    ]);
    const expected = await readSchema(dataSource);
    await dataSource.query(WITH_VALUE);
    await drop();
    expect(await readSchema(dataSource)).toEqual(expected);
    expect(await dataSource.query('select stxname from pg_statistic_ext')).toEqual([
      { stxname: 'moods_both' },
    ]);
  });

  it.each([
    [
      'a check',
      `alter table moods add constraint no_away check (one <> 'away')`,
      'constraint no_away of public.moods',
    ],
    ['an index', `create index in_away on moods (id) where one = 'away'`, 'index in_away of public.moods'],
    [
      'a default',
      `alter table moods alter one set default 'away'`,
      'the default of column one of public.moods',
    ],
  ])('refuses a value that %s mentions, and changes nothing', async (_, statement, name) => {
    await reset([WITH_VALUE, statement]);
    const before = await readSchema(dataSource);
    await expect(drop()).rejects.toMatchObject({
      code: 'HOLDFAST_TYPE_IN_USE',
      message: expect.stringContaining(`${name} mentions it`),
    });
    expect(await readSchema(dataSource)).toEqual(before);
  });

  it('keeps comments, the order of the table, and who owns and may use the type', async () => {
    await reset([
      'drop role if exists mood_keeper',
      'create role mood_keeper',
      `create index moods_calm on moods ((one = 'calm'), id)`,
      'cluster moods using moods_calm',
      `comment on index moods_calm is 'it''s calm'`,
      `alter table moods add constraint moods_one check (one <> 'busy')`,
      `comment on constraint moods_one on moods is 'never busy'`,
      `comment on type mood is 'of a day'`,
      'revoke usage on type mood from public',
      'grant usage on type mood to mood_keeper',
      'grant usage on type mood to pg_monitor with grant option',
      'alter type mood owner to mood_keeper',
      WITH_VALUE,
    ]);
    const read = () =>
      dataSource.query(`select obj_description('moods_calm'::regclass) as index,
        (select indisclustered from pg_index where indexrelid = 'moods_calm'::regclass) as clustered,
        (select obj_description(oid, 'pg_constraint') from pg_constraint where conname = 'moods_one') as check,
        (select obj_description(oid, 'pg_type') from pg_type where typname = 'mood') as type,
        (select pg_get_userbyid(typowner) from pg_type where typname = 'mood') as owner,
        has_type_privilege('pg_monitor', 'mood', 'usage with grant option') as granted,
        has_type_privilege('pg_read_all_data', 'mood', 'usage') as public`);
    try {
      const before = await read();
      await drop();
      expect(await read()).toEqual(before);
      expect(before).toEqual([
        {
          index: `it's calm`,
          clustered: true,
          check: 'never busy',
          type: 'of a day',
          owner: 'mood_keeper',
          granted: true,
          public: false,
        },
      ]);
    } finally {
      await dataSource.query('reassign owned by mood_keeper to current_user');
      await dataSource.query('drop role mood_keeper');
    }
  });

  describe('of a partitioned table', () => {
    const PARTS = [
      `create table parts (id integer, one mood default 'calm') partition by range (id)`,
      'create table parts_low partition of parts for values from (0) to (100) partition by range (id)',
      'create table parts_low_a partition of parts_low for values from (0) to (50)',
      'create table parts_high partition of parts for values from (100) to (200)',
      `alter table only parts_high alter one set default 'busy'`,
      'alter table only parts_low_a alter one drop default',
      `create index parts_calm on parts (id) where one = 'calm'`,
      'alter index parts_high_id_idx rename to high_calm',
      `create index only_high on parts_high (id) where one = 'busy'`,
      `alter table parts add constraint parts_one check (one <> 'busy' or id > 0)`,
    ];

    it('brings indexes back under their names and attached, and to each partition its default', async () => {
      await reset(PARTS);
      const expected = await readSchema(dataSource);
      await dataSource.query(WITH_VALUE);
      await drop();
      expect(await readSchema(dataSource)).toEqual(expected);
      const attached = await dataSource.query(
        `select inhrelid::regclass::text as part from pg_inherits where inhparent = 'parts_calm'::regclass order by 1`,
      );
      expect(attached).toEqual([{ part: 'high_calm' }, { part: 'parts_low_id_idx' }]);
    });
  });

  it('leaves all as it was when the session is ended before any statement', async () => {
    await reset(RESTORED.flatMap(([, statements]) => statements));
    const expected = await readSchema(dataSource);
    await dataSource.query(WITH_VALUE);
    const before = await readSchema(dataSource);
    const admin = await scratch.open();
    let statement = 1;
    for (; ; statement++) {
      // Of its own, since the connection may come back to its pool before its end is noticed.
      const victim = await scratch.open({ logging: false });
      const work = killBefore(victim.createQueryRunner(), admin, statement, (r) => dropEnumValue(r, VALUE));
      if (!(await work.finally(() => victim.destroy()))) break;
      const now = await readSchema(dataSource);
      const isAfter = JSON.stringify(now) === JSON.stringify(expected);
      // Only what comes after the commit finds the work done.
      if (isAfter) break;
      expect([statement, now]).toEqual([statement, before]);
    }
    expect(statement).toBeGreaterThan(20);
    await drop();
    expect(await readSchema(dataSource)).toEqual(expected);
  });
});
