import type { DataSource } from 'typeorm';
import { type Columns, planThing } from '../test/plan-thing';
import { openScratch, type Scratch } from '../test/scratch';

const things = (columns: string) => `create table things (id integer primary key, ${columns})`;

describe('the estimate of a plan', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  const plan = (...args: Parameters<typeof planThing> extends [unknown, ...infer Rest] ? Rest : never) =>
    planThing(scratch, ...args);

  it('estimates a build within a factor of two, and says when it cannot', async () => {
    const columns: Columns = { a: { type: 'integer', nullable: true }, b: { type: 'text', nullable: true } };
    const indices = [
      { name: 'things_a', columns: ['a'] },
      { name: 'things_b', columns: ['b', 'a'] },
    ];
    const filled = `${things('a integer, b text')}; insert into things select n, n, md5(n::text) from generate_series(1, 20000) n;`;
    const blind = await plan(`${filled} alter table things set (autovacuum_enabled = off)`, columns, {
      indices,
    } as never);
    expect(blind.steps[0]?.estimate).toMatchObject({ bytes: null, durationMs: null });
    expect(blind.steps[0]?.estimate.basis).toContain('ANALYZE');
    const { steps } = await plan(`${filled} analyze things`, columns, { indices } as never);
    for (const { statements, estimate, object } of steps) {
      for (const statement of statements) await dataSource.query(statement);
      const [{ bytes }] = await dataSource.query('select pg_relation_size($1::regclass)::int as bytes', [
        object,
      ]);
      expect(estimate.bytes).toBeGreaterThan(bytes / 2);
      expect(estimate.bytes).toBeLessThan(bytes * 2);
    }
    expect(steps).toHaveLength(2);
  });
});
