import { type DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { type Columns, id, longer, nullable, planThing, things } from '../test/plan-thing';
import { openScratch, type Scratch } from '../test/scratch';
import { planChanges } from './plan-changes';
import type { PlanStep } from './plan-step';

describe('a change of type', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  const plan = (...args: Parameters<typeof planThing> extends [unknown, ...infer Rest] ? Rest : never) =>
    planThing(scratch, ...args);

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

  describe('of a column that counts', () => {
    const columns = (type: 'smallint' | 'integer' | 'bigint'): Columns => ({
      id: { type, primary: true, generated: 'increment' },
    });
    const sequencesOf = async () =>
      dataSource.query(`select data_type::text as type from pg_sequences where schemaname = 'public'`);

    it.each([
      ['serial', 'bigint', 'integer', 'bigint'],
      ['smallserial', 'integer', 'smallint', 'integer'],
      ['bigserial', 'integer', 'bigint', 'integer'],
    ] as const)(
      'from %s to %s changes its sequence, and names the lock on it',
      async (from, to, before, after) => {
        const { steps, refused } = await plan(`create table things (id ${from} primary key)`, columns(to));
        expect(refused).toMatchObject([
          { id: 'change-type', message: expect.stringContaining('things_id_seq') },
        ]);
        expect(steps).toMatchObject([
          {
            statements: [
              'LOCK TABLE "things" IN ACCESS EXCLUSIVE MODE',
              `ALTER SEQUENCE "things_id_seq" AS ${after}`,
              expect.stringContaining('ALTER TABLE'),
            ],
            locks: [
              { relation: 'public.things' },
              { relation: 'public.things_id_seq', mode: 'ShareRowExclusiveLock', blocks: 'writers' },
            ],
          },
        ]);
        expect(await sequencesOf()).toEqual([{ type: before }]);
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        try {
          for (const statement of steps[0]?.statements ?? []) await runner.query(statement);
          const locks = await runner.query(
            `select mode from pg_locks where relation = 'things_id_seq'::regclass and mode like 'Share%'`,
          );
          expect(locks).toEqual([{ mode: 'ShareRowExclusiveLock' }]);
          await runner.commitTransaction();
        } finally {
          await runner.release();
        }
        expect(await sequencesOf()).toEqual([{ type: after }]);
      },
    );

    it.each(['integer', 'bigint'] as const)(
      'leaves a sequence alone that is wide enough for %s',
      async (to) => {
        const typeorm = `create sequence things_id_seq; alter sequence things_id_seq owned by things.id;
        alter table things alter id set default nextval('things_id_seq')`;
        const { steps } = await plan(
          `create table things (id smallint primary key); ${typeorm}`,
          columns(to),
        );
        expect(steps).toMatchObject([{ statements: [expect.stringContaining('ALTER TABLE')] }]);
        expect(await sequencesOf()).toEqual([{ type: 'bigint' }]);
      },
    );

    it('leaves the sequence of an identity to the server, which changes it with the column', async () => {
      // The types of an EntitySchema leave it out.
      const identity = {
        type: 'bigint',
        primary: true,
        generated: 'identity',
        generatedIdentity: 'BY DEFAULT',
      };
      const { steps } = await plan(
        'create table things (id integer generated by default as identity primary key)',
        { id: identity as object as EntitySchemaColumnOptions },
      );
      expect(steps).toMatchObject([{ statements: [expect.stringContaining('ALTER TABLE')] }]);
      for (const statement of steps[0]?.statements ?? []) await dataSource.query(statement);
      expect(await sequencesOf()).toEqual([{ type: 'bigint' }]);
    });

    it('is refused to a type for which its sequence has gone too far, and leaves the sequence as it is', async () => {
      const sql = `create table things (id bigserial primary key); select setval('things_id_seq', 3000000000)`;
      const { refused } = await plan(sql, columns('integer'), { allow: ['change-type'] });
      expect(refused).toMatchObject([
        {
          id: 'type-not-convertible',
          message: expect.stringMatching(
            /sequence public\.things_id_seq has gone too far for integer .*3000000000/,
          ),
        },
      ]);
      expect(await sequencesOf()).toEqual([{ type: 'bigint' }]);
    });
  });

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
});
