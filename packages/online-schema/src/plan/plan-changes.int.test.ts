import { type DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { type Columns, id, idsOf, planThing } from '../test/plan-thing';
import { openScratch, type Scratch } from '../test/scratch';
import { planChanges } from './plan-changes';

/** Where TypeORM keeps the expressions of computed columns. */
const typeorm = `create table typeorm_metadata (type varchar not null, database varchar, schema varchar, "table" varchar, name varchar, value text);`;

describe('planChanges', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  const plan = (...args: Parameters<typeof planThing> extends [unknown, ...infer Rest] ? Rest : never) =>
    planThing(scratch, ...args);
  const things = (column: string) => `create table things (id integer primary key, ${column})`;

  it.each<[string, string, EntitySchemaColumnOptions, string[]]>([
    ['a longer varchar', 'a varchar(10)', { type: 'varchar', length: 20 }, []],
    ['a varchar as text', 'a varchar(10)', { type: 'text' }, []],
    ['a wider numeric', 'a numeric(8, 2)', { type: 'numeric', precision: 12, scale: 2 }, []],
    ['a shorter varchar', 'a varchar(20)', { type: 'varchar', length: 10 }, ['allow change-type']],
    [
      'a numeric with another scale',
      'a numeric(8, 2)',
      { type: 'numeric', precision: 9, scale: 3 },
      ['allow change-type'],
    ],
    ['an integer as bigint', 'a integer', { type: 'bigint' }, ['allow change-type']],
    ['a text as integer, which takes a cast', 'a text', { type: 'integer' }, ['allow change-type']],
    ['a timestamp as date', 'a timestamp', { type: 'date' }, ['allow change-type']],
    ['an integer as uuid', 'a integer', { type: 'uuid' }, ['never type-not-convertible']],
    ['a text with an index as varchar', 'a text unique', { type: 'varchar', unique: true }, []],
  ])('lets the server tell whether it rewrites for %s', async (_, column, options, hazards) => {
    const result = await plan(things(column), { a: { nullable: true, ...options } });
    expect(idsOf(result)).toEqual(hazards);
    expect(result.steps).toHaveLength(1);
    if (hazards[0]?.startsWith('never')) return;
    expect(result.steps[0]).toMatchObject({ rewrites: hazards.length > 0 });
    // What is planned is what the server does, and comes to the declared type.
    const { file } = (await dataSource.query(`select pg_relation_filenode('things') as file`))[0];
    for (const statement of result.steps[0]?.statements ?? []) await dataSource.query(statement);
    const after = (await dataSource.query(`select pg_relation_filenode('things') as file`))[0];
    expect(after.file !== file).toBe(hazards.length > 0);
  });

  it.each<[string, EntitySchemaColumnOptions, string[], string[]]>([
    ['takes NULL', { type: 'text', nullable: true }, ['add column'], []],
    ['has a constant', { type: 'integer', default: 7 }, ['add column'], []],
    ['has a stable default', { type: 'timestamptz', default: () => 'now()' }, ['add column'], []],
    [
      'has a volatile default',
      { type: 'timestamptz', default: () => 'clock_timestamp()' },
      ['add column', 'backfill', 'add constraint', 'validate constraint', 'set not null', 'drop constraint'],
      [],
    ],
    [
      'has a volatile default and takes NULL',
      { type: 'float', nullable: true, default: () => 'random()' },
      ['add column', 'backfill'],
      [],
    ],
    [
      'is a generated uuid',
      { type: 'uuid', generated: 'uuid' },
      ['add column', 'backfill', 'add constraint', 'validate constraint', 'set not null', 'drop constraint'],
      [],
    ],
    ['has no value to have', { type: 'integer' }, ['add column'], ['allow not-null-without-default']],
    ['counts', { type: 'integer', generated: 'increment' }, ['add column'], ['allow rewrite-table']],
    [
      'is computed',
      { type: 'integer', generatedType: 'STORED', asExpression: 'id * 2', nullable: true },
      ['add column'],
      ['allow rewrite-table'],
    ],
  ])('adds a column that %s', async (_, options, kinds, hazards) => {
    const uuid = `create function uuid_generate_v4() returns uuid volatile language sql return gen_random_uuid();`;
    const result = await plan(`${uuid}${typeorm}${things('b integer')}`, {
      b: { type: 'integer', nullable: true },
      a: options,
    });
    expect(result.steps.map(({ kind }) => kind)).toEqual(kinds);
    expect(idsOf(result)).toEqual(hazards);
    expect(result.steps.some(({ rewrites }) => rewrites)).toBe(hazards.includes('allow rewrite-table'));
  });

  const mood = (values: string[]): EntitySchemaColumnOptions => ({
    type: 'enum',
    enum: values,
    enumName: 'mood',
  });
  const moods = `create type mood as enum ('calm', 'busy', 'gone'); ${things(`a mood not null`)}`;

  it.each<[string, string[], string[]]>([
    ['removed', ['calm', 'gone'], ['never remove-enum-value']],
    ['reordered', ['busy', 'calm', 'gone'], ['allow reorder-enum']],
    ['removed and added', ['calm', 'busy', 'away'], ['never remove-enum-value']],
  ])('refuses enum values that are %s', async (_, values, hazards) => {
    expect(idsOf(await plan(moods, { a: mood(values) }))).toEqual(hazards);
  });

  it('leaves the order of enum values as it is when that is allowed', async () => {
    const result = await plan(moods, { a: mood(['busy', 'calm', 'gone']) }, { allow: ['reorder-enum'] });
    expect(result).toEqual({ steps: [], refused: [] });
  });

  it('adds enum values where they are declared, in an order in which each has its place', async () => {
    const { steps } = await plan(moods, {
      a: mood(['first', 'second', 'calm', 'busy', 'idle', 'gone', 'last']),
    });
    for (const step of steps) for (const statement of step.statements) await dataSource.query(statement);
    const rows: { value: string }[] = await dataSource.query(
      `select unnest(enum_range(null::mood))::text as value`,
    );
    expect(rows.map(({ value }) => value)).toEqual([
      'first',
      'second',
      'calm',
      'busy',
      'idle',
      'gone',
      'last',
    ]);
  });

  it('refuses another primary key, and a column that becomes computed', async () => {
    const key = await plan(things('a integer not null'), { a: { type: 'integer', primary: true } });
    expect(idsOf(key)).toContain('never change-primary-key');
    const computed = await plan(typeorm + things('a integer'), {
      a: { type: 'integer', generatedType: 'STORED', asExpression: 'id * 2', nullable: true },
    });
    expect(idsOf(computed)).toEqual(['never change-generated']);
    expect(computed.steps).toMatchObject([{ kind: 'refused', statements: [] }]);
  });

  it('puts an exclusion constraint, once allowed, where it keeps nothing else locked', async () => {
    const sql = things('a integer, b integer');
    const columns: Columns = {
      a: { type: 'integer', nullable: true },
      b: { type: 'integer', nullable: true, default: 1 },
    };
    const exclusions = [{ name: 'things_apart', expression: 'USING btree (a WITH =)' }];
    expect(idsOf(await plan(sql, columns, { exclusions }))).toEqual(['allow add-exclusion']);
    const { steps, refused } = await plan(sql, columns, { exclusions, allow: ['add-exclusion'] });
    expect(refused).toEqual([]);
    expect(steps.map(({ kind, object }) => [kind, object])).toEqual([
      ['change column', 'things.b'],
      ['add constraint', 'things_apart'],
    ]);
    expect(steps[1]).toMatchObject({
      scans: true,
      locks: [{ held: 'a build', blocks: 'readers and writers' }],
    });
  });

  it('finds and names everything in a schema that is not on the search path', async () => {
    const sql = `drop schema if exists app cascade; create schema app;
      create type app.things_mood_enum as enum ('calm', 'busy');
      create table app.owners (id integer primary key);
      create table app.things (id integer primary key, owner_id integer, a integer, mood app.things_mood_enum not null)`;
    await dataSource.query(`drop schema public cascade; create schema public; ${sql}`);
    const owner = new EntitySchema({ name: 'Owner', tableName: 'owners', schema: 'app', columns: { id } });
    const thing = new EntitySchema({
      name: 'Thing',
      tableName: 'things',
      schema: 'app',
      columns: {
        id,
        owner_id: { type: 'integer', nullable: true },
        a: { type: 'integer' },
        mood: { type: 'enum', enum: ['calm', 'away', 'busy'] },
      },
      uniques: [{ name: 'things_a_key', columns: ['a'] }],
      checks: [{ name: 'things_a_positive', expression: 'a > 0' }],
      foreignKeys: [
        {
          name: 'things_owner_fk',
          columnNames: ['owner_id'],
          referencedColumnNames: ['id'],
          target: 'Owner',
        },
      ],
    } as never);
    const target = await scratch.open({ entities: [owner, thing] });
    try {
      const { steps } = await planChanges(target);
      expect(steps.flatMap(({ locks }) => locks).every(({ relation }) => relation.startsWith('app.'))).toBe(
        true,
      );
      for (const step of steps) for (const statement of step.statements) await dataSource.query(statement);
      expect(await planChanges(target)).toEqual({ steps: [], refused: [] });
    } finally {
      await target.destroy();
      await dataSource.query('drop schema app cascade');
    }
  });

  it('keeps the constraints of a column that changes, which TypeORM would drop meanwhile', async () => {
    const sql = things('a integer, b integer, constraint things_ab_key unique (a, b)');
    const result = await plan(
      sql,
      { a: { type: 'integer' }, b: { type: 'integer', nullable: true } },
      { uniques: [{ name: 'things_ab_key', columns: ['a', 'b'] }] },
    );
    expect(result.steps.map(({ kind, object }) => `${kind} ${object}`)).toEqual([
      'add constraint a_hf_not_null',
      'validate constraint a_hf_not_null',
      'set not null things.a',
      'drop constraint a_hf_not_null',
    ]);
  });

  it('tells of a foreign key without an index, and not of one with', async () => {
    const sql = (index: string) => `create table owners (id integer primary key);
      create table things (id integer primary key, owner_id integer); ${index}`;
    const foreign = {
      foreignKeys: [
        {
          name: 'things_owner_fk',
          columnNames: ['owner_id'],
          referencedColumnNames: ['id'],
          target: 'owners',
        },
      ],
    };
    const columns: Columns = { owner_id: { type: 'integer', nullable: true } };
    const owner = new EntitySchema({ name: 'Owner', tableName: 'owners', columns: { id } });
    const withForeign = async (index: string, indices: object[]) => {
      await dataSource.query(`drop schema public cascade; create schema public; ${sql(index)}`);
      const thing = new EntitySchema({
        name: 'Thing',
        tableName: 'things',
        columns: { id, ...columns },
        ...foreign,
        indices,
      } as never);
      const target = await scratch.open({ entities: [owner, thing] });
      const { steps } = await planChanges(target);
      await target.destroy();
      return steps.flatMap(({ hazards }) => hazards.map((hazard) => `${hazard.verdict} ${hazard.id}`));
    };
    const indices = [{ name: 'i', columns: ['owner_id'] }];
    expect(await withForeign('', [])).toEqual(['known foreign-key-without-index']);
    expect(await withForeign('', indices)).toEqual([]);
    expect(await withForeign('create index i on things (owner_id)', indices)).toEqual([]);
    expect(
      await withForeign('create index i on things (owner_id) where id > 5', [
        { ...indices[0], where: 'id > 5' },
      ]),
    ).toEqual(['known foreign-key-without-index']);
  });

  it('changes nothing, and needs no right to', async () => {
    const sql = `${things('a varchar(5)')}; create role looker; grant select on things to looker; grant usage on schema public to looker`;
    await dataSource.query('drop role if exists looker').catch(() => undefined);
    await plan(sql, {});
    const entity = new EntitySchema({
      name: 'Thing',
      tableName: 'things',
      columns: { id, a: { type: 'varchar', length: 9, nullable: true } },
    });
    const looker = await scratch.open({
      entities: [entity],
      extra: { options: '-c role=looker -c default_transaction_read_only=off' },
    });
    try {
      const { steps } = await planChanges(looker);
      expect(steps.map(({ kind }) => kind)).toEqual(['change type']);
    } finally {
      await looker.destroy();
      await dataSource.query('drop schema public cascade; create schema public; drop role looker');
    }
  });
});
