import type { QueryRunner } from 'typeorm';
import { tryWithout } from '../ledger/try-without';
import { openScratch, type Scratch } from '../test/scratch';
import { captureStatements } from './capture-statements';
import { runPrepared } from './run-prepared';

/** Nearly all rows are done, and the index has the others alone. */
const SCENE = [
  'create table tasks (id integer primary key, done boolean not null, tags text[], key bytea, at timestamptz, facts jsonb)',
  `insert into tasks
   select at, at % 100 > 0, array['a "quoted" \\ tag', null], decode('00ff', 'hex'), timestamptz '2026-01-01 00:00:00.123Z', '{"a": 1}'
   from generate_series(1, 20000) as at`,
  'create index tasks_to_do on tasks (id) where done = false',
  'analyze tasks',
];

const MOMENT = new Date('2026-01-01T00:00:00.123Z');

describe('a statement as it was sent', () => {
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeAll(async () => {
    scratch = await openScratch();
    for (const statement of SCENE) await scratch.dataSource.query(statement);
    runner = scratch.dataSource.createQueryRunner();
  });

  afterAll(async () => {
    await runner.release();
    await scratch.close();
  });

  const run = (sql: string, parameters: readonly unknown[], mode: 'custom' | 'generic') =>
    tryWithout(runner, [], () => runPrepared(runner, { sql, parameters }, mode));

  it('is planned for its parameters, or for any: a partial index is lost to the one and not to the other', async () => {
    const sql = 'select id from tasks where done = $1 order by id';
    expect(await run(sql, [false], 'custom')).toMatchObject({ rows: 200, indexes: ['tasks_to_do'] });
    expect((await run(sql, [false], 'generic')).indexes).not.toContain('tasks_to_do');
  });

  it('tells the indexes that a function looks into', async () => {
    await scratch.dataSource.query(`
      create function tasks_to_do() returns setof tasks language plpgsql stable
      as $$ begin return query select * from tasks where done = false order by id; end $$`);
    const found = await run('select * from tasks_to_do() where id > $1', [0], 'custom');
    expect(found).toMatchObject({ rows: 200, indexes: ['tasks_to_do'] });
    expect(found.plan).not.toContain('Index');
  });

  it.each<[string, string, unknown]>([
    ['an array with quotes, backslashes and NULL', 'tags = $1', ['a "quoted" \\ tag', null]],
    ['bytes', 'key = $1', Buffer.from([0, 255])],
    ['a moment', 'at = $1', MOMENT],
    [
      'a time without a zone',
      `date_trunc('second', $1::timestamp) = '${MOMENT.toLocaleString('sv')}'`,
      MOMENT,
    ],
    ['a document', 'facts = $1', { a: 1 }],
    ['a number', 'id <= $1', 20_000],
  ])('finds the same rows by %s as the driver does', async (_, condition, value) => {
    const sql = `select id from tasks where ${condition}`;
    const found: unknown[] = await scratch.dataSource.query(sql, [value]);
    expect(found).toHaveLength(20_000);
    expect((await run(sql, [value], 'custom')).rows).toBe(20_000);
  });

  it('takes NULL for what it is', async () => {
    expect((await run('select id from tasks where $1::integer is null', [null], 'generic')).rows).toBe(
      20_000,
    );
  });

  it('leaves nothing behind, also after a refusal', async () => {
    await expect(run('select id / $1 from tasks', [0], 'custom')).rejects.toThrow('division by zero');
    await expect(run('select $1::integer', [1], 'custom')).resolves.toMatchObject({ rows: 1 });
  });

  it('is caught on its way, and the runner is as it was', async () => {
    const { query } = runner;
    const sent = await captureStatements(runner, async () => {
      await runner.startTransaction();
      await runner.manager.query('select $1::integer', [7]);
      await runner.rollbackTransaction();
    });
    expect(sent).toEqual([{ sql: 'select $1::integer', parameters: [7] }]);
    expect(runner.query).toBe(query);
    await expect(captureStatements(runner, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(runner.query).toBe(query);
  });

  it('is caught on its way past the query of the runner, and waits for those before it', async () => {
    const key = Symbol.for('holdfast:pass-statement');
    type Pass = (sql: string, parameters: unknown[], send: () => Promise<unknown>) => Promise<unknown>;
    const order: string[] = [];
    const work = async () => {
      const pass: Pass = Reflect.get(runner, key);
      const first = runner.query('select $1::integer', [1]).then(() => order.push('first'));
      const second = pass('select $1::text', ['2'], async () => order.push('second'));
      await Promise.all([first, second]);
      await expect(pass('set local work_mem = 64', [], async () => 'unseen')).resolves.toBe('unseen');
      await expect(pass('select 3', [], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    };
    const failed: unknown[] = [];
    const after = async ({ sql }: { sql: string }, error: unknown) => {
      if (error !== undefined) failed.push([sql, (error as Error).message]);
    };
    expect(await captureStatements(runner, work, { after })).toEqual([
      { sql: 'select $1::integer', parameters: [1] },
      { sql: 'select $1::text', parameters: ['2'] },
      { sql: 'select 3', parameters: [] },
    ]);
    expect(order).toEqual(['first', 'second']);
    expect(failed).toEqual([['select 3', 'no']]);
    expect(Reflect.get(runner, key)).toBeUndefined();
  });
});
