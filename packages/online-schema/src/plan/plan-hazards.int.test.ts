import { type DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { type Columns, id, idsOf, planThing } from '../test/plan-thing';
import { openScratch, type Scratch } from '../test/scratch';
import { planChanges } from './plan-changes';
import type { PlanStep } from './plan-step';

const nullable = { nullable: true } as const;
const longer: Columns = { a: { type: 'varchar', length: 20, ...nullable } };
const things = (column: string, ...more: string[]) =>
  [`create table things (id integer primary key, ${column})`, ...more].join('; ');

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

  it('takes a time without a zone for one in UTC, whatever the zone of the session is', async () => {
    const columns: Columns = { a: { type: 'timestamptz', ...nullable } };
    const sql = things('a timestamp', `insert into things values (1, '2020-01-01 12:00')`);
    // As it stands, what comes out depends on the session, and in UTC the server would not even write a row.
    await dataSource.query(`drop schema public cascade; create schema public; ${sql}`);
    await dataSource.query(
      `begin; set local timezone = 'Asia/Tokyo'; alter table things alter a type timestamptz; commit`,
    );
    expect(await readHour()).toBe(3);

    const { steps, refused } = await plan(sql, columns);
    expect(refused).toMatchObject([{ id: 'change-type', message: expect.stringContaining('UTC') }]);
    const statement = steps[0]?.statements[0];
    await dataSource.query(`begin; set local timezone = 'Asia/Tokyo'; ${statement}; commit`);
    expect(await readHour()).toBe(12);
  });

  const readHour = async (): Promise<number> => {
    const [{ hour }] = await dataSource.query(
      `select extract(hour from a at time zone 'UTC')::int as hour from things`,
    );
    return hour;
  };

  it('tells of the rows that are read for a check when the type of its column changes', async () => {
    const checks = [{ name: 'c', expression: `a <> 'x'` }];
    const sql = things(`a varchar(10), constraint c check (a <> 'x')`);
    const { steps, refused } = await plan(sql, longer, { checks });
    expect(refused.map(({ id: hazard }) => hazard)).toEqual(['change-type']);
    expect(steps).toMatchObject([{ scans: true, rewrites: false, locks: [{ held: 'a scan' }] }]);
    expect(await countScans(steps)).toBe(1);
    const without = await plan(things('a varchar(10)'), longer);
    expect(without).toMatchObject({
      refused: [],
      steps: [{ scans: false, locks: [{ held: 'an instant' }] }],
    });
    expect(await countScans(without.steps)).toBe(0);
  });

  const countScans = async (steps: readonly PlanStep[]): Promise<number> => {
    const runner = dataSource.createQueryRunner();
    const count = async () =>
      Number((await runner.query(`select pg_stat_get_xact_numscans('things'::regclass) as n`))[0].n);
    await runner.startTransaction();
    try {
      const before = await count();
      for (const { statements } of steps) for (const statement of statements) await runner.query(statement);
      return (await count()) - before;
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  };

  it('names every table that a change of type or of a parent locks', async () => {
    const owner = new EntitySchema({
      name: 'Owner',
      tableName: 'owners',
      columns: { id: { type: 'bigint', primary: true } },
    });
    const thing = new EntitySchema({
      name: 'Thing',
      tableName: 'things',
      columns: { id, a: { type: 'integer', ...nullable, default: 5 } },
      foreignKeys: [{ name: 'fk', columnNames: ['a'], referencedColumnNames: ['id'], target: 'Owner' }],
    } as never);
    await dataSource.query(`drop schema public cascade; create schema public;
      create table owners (id integer primary key); ${things('a integer constraint fk references owners')};
      create table heirs () inherits (things)`);
    const target = await scratch.open({ entities: [owner, thing] });
    try {
      const { steps } = await planChanges(target, { allow: ['change-type'] });
      expect(steps).toHaveLength(2);
      for (const { statements, locks } of steps) {
        const claimed = locks.map(({ relation, mode }) => `${relation} ${mode}`);
        expect(claimed.toSorted()).toEqual(await readStrongLocks(statements));
      }
    } finally {
      await target.destroy();
    }
  });

  const readStrongLocks = async (statements: readonly string[]): Promise<string[]> => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      for (const statement of statements) await runner.query(statement);
      const rows: { lock: string }[] = await runner.query(
        `select distinct 'public.' || c.relname || ' ' || l.mode as lock
         from pg_locks l
         join pg_class c on c.oid = l.relation and c.relkind in ('r', 'p')
         where l.pid = pg_backend_pid() and c.relnamespace = 'public'::regnamespace and l.mode = 'AccessExclusiveLock'
         order by 1`,
      );
      return rows.map(({ lock }) => lock);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  };

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

  it('can be made twice at once on one DataSource', async () => {
    await dataSource.query(
      `drop schema public cascade; create schema public; ${things('a integer', 'create index i on things (a)')}`,
    );
    const entity = new EntitySchema({
      name: 'Thing',
      tableName: 'things',
      columns: { id, a: { type: 'integer', ...nullable } },
      indices: [{ name: 'i', columns: ['a'] }],
    });
    const target = await scratch.open({ entities: [entity] });
    try {
      const plans = await Promise.all(Array.from({ length: 8 }, () => planChanges(target)));
      expect(plans).toEqual(Array(8).fill({ steps: [], refused: [] }));
    } finally {
      await target.destroy();
    }
  });
});
