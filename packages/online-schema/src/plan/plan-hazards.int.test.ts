import { type DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { findDrift } from '../drift/find-drift';
import { type Columns, id, idsOf, longer, nullable, planThing, things } from '../test/plan-thing';
import { openScratch, type Scratch } from '../test/scratch';
import { planChanges } from './plan-changes';

describe('what a plan asks about first', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  const plan = (...args: Parameters<typeof planThing> extends [unknown, ...infer Rest] ? Rest : never) =>
    planThing(scratch, ...args);

  describe('of what nobody declares', () => {
    const byHand = `create table owners (id integer primary key); ${things(
      'a integer check (a > 0), b integer references owners, c integer, unique (a, b), exclude using btree (c with =)',
      'create index by_hand on things (c)',
      'create table strangers (id integer primary key)',
    )}`;
    const columns: Columns = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [name, { type: 'integer', ...nullable }]),
    );

    it('drops no constraint and no index that is not allowed, and no table at all', async () => {
      const { steps, refused } = await plan(byHand, columns);
      expect(refused.map(({ id: hazard }) => hazard)).toEqual([
        ...Array(4).fill('drop-constraint'),
        'drop-index',
      ]);
      expect(JSON.stringify(steps)).not.toContain('strangers');
      const allowed = await plan(byHand, columns, { allow: ['drop-constraint', 'drop-index'] });
      expect(allowed.refused).toEqual([]);
    });

    it('asks once for a column and what goes with it', async () => {
      const { a: _, ...rest } = columns;
      const sql = things(
        'a integer check (a > 0), b integer, c integer, unique (a, b)',
        'create index on things (a)',
      );
      expect(idsOf(await plan(sql, rest))).toEqual(['allow drop-column']);
    });

    it('takes what a rebuild has left away without being asked', async () => {
      const sql = things('a integer', 'create index i on things (a)', 'create index i_ccnew on things (a)');
      const { steps, refused } = await plan(
        sql,
        { a: { type: 'integer', ...nullable } },
        { indices: [{ name: 'i', columns: ['a'] }] },
      );
      expect(refused).toEqual([]);
      expect(steps).toMatchObject([{ kind: 'drop index', object: 'i_ccnew' }]);
    });
  });

  it.each([
    ['a view', 'create view v as select a from things', 'view v'],
    ['a materialized view', 'create materialized view v as select a from things', 'materialized view v'],
    [
      'a policy',
      `alter table things enable row level security; create policy p on things using (a <> '')`,
      'policy p on table things',
    ],
    [
      'a trigger',
      `create function f() returns trigger language plpgsql as 'begin return new; end';
       create trigger t before update of a on things for each row execute function f()`,
      'trigger t on table things',
    ],
  ])('names %s that keeps a type from being changed, as the server would refuse it', async (_, sql, user) => {
    const { refused } = await plan(things('a varchar(10)', sql), longer);
    expect(refused).toMatchObject([{ id: 'column-in-use', verdict: 'never' }]);
    expect(refused[0]?.message).toContain(user);
    await expect(dataSource.query('alter table things alter a type varchar(20)')).rejects.toThrow(
      /cannot alter type of a column used/,
    );
    expect(
      idsOf(await plan(things('a varchar(10)', 'create view v as select id from things'), longer)),
    ).toEqual([]);
  });

  it('names a view and a foreign key of a stranger that keep a column', async () => {
    const columns: Columns = { b: { type: 'integer', ...nullable } };
    const sql = things(
      'a integer unique, b integer',
      'create view v as select a from things',
      'create table strangers (a integer references things (a))',
    );
    const { refused } = await plan(sql, columns, { allow: ['drop-column'] });
    expect(refused).toMatchObject([{ id: 'column-in-use' }]);
    expect(refused[0]?.message).toMatch(/constraint strangers_a_fkey on table strangers, view v/);
    const own = things('a integer unique check (a > 1) references things (a), b integer, check (a > b)');
    expect(idsOf(await plan(own, columns, { allow: ['drop-column'] }))).toEqual([]);
  });

  it.each([
    ['constraint', { uniques: [{ name: 'u', columns: ['b', 'a'] }] }, 'constraint u unique (a, b)', ''],
    [
      'index',
      { indices: [{ name: 'u', columns: ['b', 'a'], unique: true }] },
      '',
      'create unique index u on things (a, b)',
    ],
  ])('names the foreign key for which a unique %s cannot be replaced', async (_, more, constraint, index) => {
    const columns: Columns = Object.fromEntries(
      ['a', 'b'].map((name) => [name, { type: 'integer', ...nullable }]),
    );
    const sql = things(
      ['a integer, b integer', constraint].filter(Boolean).join(', '),
      index,
      'create table strangers (a integer, b integer, foreign key (a, b) references things (a, b))',
    );
    const { refused } = await plan(sql, columns, more);
    expect(refused).toMatchObject([
      { id: 'unique-in-use', message: expect.stringContaining('strangers_a_b_fkey on table strangers') },
    ]);
  });

  it.each<[string, Columns, object]>([
    ['a column', { ['b'.repeat(64)]: { type: 'integer', ...nullable } }, {}],
    ['a check', {}, { checks: [{ name: 'c'.repeat(64), expression: 'id > 0' }] }],
    ['a unique constraint', {}, { uniques: [{ name: 'u'.repeat(64), columns: ['id'] }] }],
  ])(
    'refuses a name of %s that PostgreSQL would cut, after which every plan would find it missing',
    async (_, columns, more) => {
      const { refused } = await plan('create table things (id integer primary key)', columns, more);
      expect(refused).toMatchObject([{ id: 'name-too-long', verdict: 'never' }]);
    },
  );

  it('says that a rename is a guess, and guesses none between columns of two types', async () => {
    const keep: EntitySchemaColumnOptions = { type: 'integer', ...nullable };
    const sql = things('fax text, keep integer');
    const guessed = await plan(sql, { iban: { type: 'text', ...nullable }, keep });
    expect(guessed.refused).toMatchObject([
      { id: 'rename-column', message: expect.stringContaining('is taken for the new iban') },
    ]);
    expect(idsOf(await plan(sql, { iban: { type: 'integer', ...nullable }, keep }))).toEqual([
      'allow drop-column',
    ]);
  });

  it('refuses to make an enum of a text, whose type nobody has made', async () => {
    const { refused } = await plan(things('a varchar'), { a: { type: 'enum', enum: ['x'], ...nullable } });
    expect(refused).toMatchObject([{ id: 'type-not-convertible', verdict: 'never' }]);
  });

  it('touches no index of a table of the same name in another schema', async () => {
    await dataSource.query(`drop schema public cascade; create schema public; drop schema if exists app cascade; create schema app;
      create table things (id integer primary key, a integer); create table app.things (id integer primary key, a integer);
      create index i on app.things (a); create index j on things (a)`);
    const here = new EntitySchema({ name: 'Here', tableName: 'things', columns: { id } });
    const there = new EntitySchema({
      name: 'There',
      tableName: 'things',
      schema: 'app',
      columns: { id, a: { type: 'integer', ...nullable } },
      indices: [{ name: 'i', columns: ['a'] }],
    });
    const target = await scratch.open({ entities: [here, there] });
    try {
      const { steps } = await planChanges(target, { allow: ['drop-column'] });
      expect(steps.map(({ kind, object }) => `${kind} ${object}`)).toEqual([
        'drop index j',
        'drop column things.a',
      ]);
    } finally {
      await target.destroy();
      await dataSource.query('drop schema app cascade');
    }
  });

  it('can be made beside a search for drift on the same DataSource', async () => {
    await dataSource.query(`drop schema public cascade; create schema public; ${things('a integer')}`);
    const entity = new EntitySchema({
      name: 'Thing',
      tableName: 'things',
      columns: { id, a: { type: 'integer', ...nullable } },
      indices: [{ name: 'i', columns: ['a'] }],
    });
    const target = await scratch.open({ entities: [entity] });
    try {
      const [{ steps }, { findings }] = await Promise.all([planChanges(target), findDrift(target)]);
      expect(steps).toMatchObject([{ kind: 'build index', object: 'i' }]);
      expect(findings).toMatchObject([{ kind: 'missing', name: 'i' }]);
    } finally {
      await target.destroy();
    }
  });
});
