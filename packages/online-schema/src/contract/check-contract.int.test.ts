import { openTemporaryServer } from '@holdfast/local-postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { type CheckContractOptions, checkContract } from './check-contract';
import { checkCoverage } from './check-coverage';
import type { ContractReport } from './contract-report';
import { contractMatchers } from './jest';
import { defineContract, type QueryContract } from './query-contract';
import { renderContract } from './render-contract';

const SCENE = [
  `create table visits (id integer primary key, page integer not null, at integer not null, done boolean not null,
     seen timestamp, tags text[] not null, note text not null)`,
  `insert into visits
   select n, n % 500, n, n % 1000 <> 0, timestamp '2026-01-01' + n * interval '1 minute',
          array['t' || n % 2000], repeat('x', 300)
   from generate_series(1, 30000) as n`,
  'create index visits_page_at on visits (page, at desc)',
  'create index visits_waiting on visits (at) where not done',
  'create index visits_tags on visits using gin (tags)',
  'create index visits_seen on visits (seen)',
  'create table lines (id integer primary key, visit integer not null references visits on delete cascade, note text)',
  `insert into lines select n, n, repeat('y', 300) from generate_series(1, 30000) as n`,
  'create index lines_visit on lines (visit)',
  `create table parts (id integer, at integer, note text) partition by range (id)`,
  'create table parts_low partition of parts for values from (0) to (10000)',
  'create table parts_high partition of parts for values from (10000) to (20001)',
  `insert into parts select n, n % 100, repeat('z', 500) from generate_series(1, 20000) as n`,
  'create index parts_at on parts (at, id)',
  'create role contract_reader',
  'grant select on visits to contract_reader',
];

const ask =
  (...statements: [sql: string, parameters?: unknown[]][]) =>
  async (manager: EntityManager) => {
    for (const [sql, parameters] of statements) await manager.query(sql, parameters);
  };

describe.each([17, 18] as const)('a contract on PostgreSQL %i', (version) => {
  let dataSource: DataSource;
  let close: () => Promise<void>;

  beforeAll(async () => {
    if (version === 17) {
      const scratch: Scratch = await openScratch();
      dataSource = scratch.dataSource;
      close = async () => {
        await dataSource.query('drop owned by contract_reader').catch(() => undefined);
        await dataSource.query('drop role if exists contract_reader');
        await scratch.close();
      };
    } else {
      const server = await openTemporaryServer({ version });
      dataSource = new DataSource({ type: 'postgres', url: server.url, installExtensions: false });
      await dataSource.initialize();
      close = async () => {
        await dataSource.destroy();
        await server[Symbol.asyncDispose]();
      };
    }
    for (const statement of SCENE) await dataSource.query(statement);
    await dataSource.query('vacuum analyze');
  });

  afterAll(() => close());

  const check = (
    index: QueryContract['index'],
    run: QueryContract['run'],
    { options, ...more }: Partial<QueryContract> & { options?: CheckContractOptions<void> } = {},
  ): Promise<ContractReport> =>
    checkContract(dataSource, defineContract({ name: 'tried', index, run, ...more }), options);
  const kinds = (report: ContractReport) => [...new Set(report.broken.map(({ kind }) => kind))].sort();

  const PAGE = 'select * from visits where page = $1 order by at desc limit 10';

  it('holds where the index answers under both kinds of plan', async () => {
    const report = await check('visits_page_at', ask([PAGE, [7]]));
    expect(report.broken).toEqual([]);
    expect(report.statements[0]?.runs).toMatchObject([
      { mode: 'custom', rows: 10, indexes: ['visits_page_at'] },
      { mode: 'generic', rows: 10, indexes: ['visits_page_at'] },
    ]);
  });

  it('is broken by a scan of a table that is not small, and not where that is allowed or the table small', async () => {
    const scan = ask(['select count(*) from visits where note = $1', ['z']]);
    const report = await check('visits_page_at', scan);
    expect(kinds(report)).toEqual(['index-not-used', 'over-budget', 'seq-scan']);
    expect(renderContract(report)).toMatch(/\d+ pages of table visits were read from its beginning on/);
    expect(renderContract(report)).toMatch(/Seq Scan on visits/);
    expect(kinds(await check('visits_page_at', scan, { allows: { seqScan: 'a report' } }))).not.toContain(
      'seq-scan',
    );
    const small = { smallTablePages: 5000 };
    expect(kinds(await check('visits_page_at', scan, { options: small }))).not.toContain('seq-scan');
  });

  it('is broken by a sort of many rows, and not by one of few', async () => {
    const sorted = (from: number) =>
      ask(['select id from visits where page between $1 and $1 + 9 order by note, id limit 5', [from]]);
    expect(kinds(await check('visits_page_at', sorted(1)))).toContain('sort');
    const few = ask([`select id from visits where page = $1 order by note, id limit 5`, [3]]);
    expect(kinds(await check('visits_page_at', few))).not.toContain('sort');
    expect(kinds(await check('visits_page_at', sorted(1), { allows: { sort: 'by note' } }))).not.toContain(
      'sort',
    );
  });

  it('is broken where a generic plan cannot use a partial index', async () => {
    const waiting = 'select id from visits where done = $1 order by at limit 5';
    const report = await check('visits_waiting', ask([waiting, [false]]));
    expect(report.broken.filter(({ kind }) => kind === 'index-not-used')).toMatchObject([
      { mode: 'generic' },
    ]);
    expect((await check('visits_waiting', ask([waiting, [false]]), { plans: ['custom'] })).broken).toEqual(
      [],
    );
    const marked = ask([`/* holdfast:custom-plan */ ${waiting}`, [false]]);
    expect((await check('visits_waiting', marked)).broken).toEqual([]);
  });

  it('is broken by a budget, one page too small', async () => {
    const { statements } = await check('visits_page_at', ask([PAGE, [7]]));
    const buffers = Math.max(...(statements[0]?.runs ?? []).map((run) => run.buffers));
    const budget = (maxBuffers: number) =>
      check('visits_page_at', ask([PAGE, [7]]), { maxBuffers, because: 'tried' });
    expect((await budget(buffers)).broken).toEqual([]);
    expect(kinds(await budget(buffers - 1))).toEqual(['over-budget']);
  });

  it('knows the index of a bitmap, of a partition, of a conflict and of a foreign key', async () => {
    const tags = await check('visits_tags', ask(['select id from visits where tags @> $1', [['t7']]]));
    expect(tags.broken).toEqual([]);
    const parts = await check(
      'parts_at',
      ask(['select id from parts where at = $1 order by id limit 3', [5]]),
    );
    expect(parts.broken.filter(({ kind }) => kind === 'index-not-used')).toEqual([]);
    const upsert = ask([
      `insert into lines values ($1, $1, 'n') on conflict (id) do update set note = excluded.note`,
      [9],
    ]);
    expect((await check('lines_pkey', upsert)).broken).toEqual([]);
    const remove = ask(['delete from visits where id = $1', [12]]);
    expect(
      kinds(await check(['visits_pkey', 'lines_visit'], remove, { maxBuffers: 60, because: 'cascades' })),
    ).toEqual([]);
    expect(kinds(await check('visits_seen', remove, { maxBuffers: 60, because: 'cascades' }))).toEqual([
      'index-not-used',
    ]);
  });

  it('counts what a foreign key without an index reads', async () => {
    await dataSource.query('drop index lines_visit');
    try {
      const remove = ask(['delete from visits where id = $1', [12]]);
      const report = await check('visits_pkey', remove);
      expect(kinds(report)).toEqual(['over-budget', 'seq-scan']);
    } finally {
      await dataSource.query('create index lines_visit on lines (visit)');
    }
  });

  it('looks at every statement of a call in the state that it meets, and leaves nothing', async () => {
    const call = ask(
      [`insert into visits values ($1, 1, 1, true, null, '{}', 'n')`, [90_000]],
      [`insert into lines values ($1, $2, 'n')`, [90_000, 90_000]],
      ['select * from lines where visit = $1 for update skip locked', [90_000]],
    );
    const report = await check('lines_visit', call, { maxBuffers: 60, because: 'writes five indexes' });
    expect(report.broken).toEqual([]);
    expect(report.statements.map(({ runs }) => runs[0]?.rows)).toEqual([1, 1, 1]);
    expect(await dataSource.query('select from visits where id = 90000')).toEqual([]);
  });

  it('sends parameters of every type as the driver does', async () => {
    const seen: unknown[] = [];
    const run = async (manager: EntityManager) => {
      const at = new Date(2026, 0, 1, 3, 0, 0);
      seen.push(
        ...(await manager.query('select id from visits where seen = $1 and tags && $2 and id = any($3)', [
          at,
          ['t180', `quo"te\\`],
          [180, null],
        ])),
      );
    };
    const report = await check('visits_seen', run, { plans: ['custom'] });
    expect(report.statements[0]?.runs[0]?.rows).toBe(seen.length);
    expect(seen).toHaveLength(1);
  });

  it('is broken by an index that is not there, and by a call that sends nothing', async () => {
    expect(kinds(await check('no_such', ask([PAGE, [7]])))).toEqual(['index-missing']);
    expect(kinds(await check('visits_page_at', async () => undefined))).toEqual(['nothing-sent']);
  });

  it('runs as the role, whose rights it needs', async () => {
    const options = { role: 'contract_reader' };
    expect((await check('visits_page_at', ask([PAGE, [7]]), { options })).broken).toEqual([]);
    await expect(
      check('lines_visit', ask(['select * from lines where visit = $1', [1]]), { options }),
    ).rejects.toMatchObject({ code: 'HOLDFAST_CONTRACT_NOT_RUN' });
  });

  it('notes what makes an index-only scan read the table', async () => {
    const only = ask(['select seen from visits where seen < $1', [new Date(2026, 0, 1, 0, 20)]]);
    // What other checks wrote and took back has left its pages marked as changed.
    await dataSource.query('vacuum visits');
    expect((await check('visits_seen', only)).notices).toEqual([]);
    await dataSource.query('update visits set note = note where id < 15');
    expect((await check('visits_seen', only)).notices.map(({ kind }) => kind)).toContain('heap-fetches');
    await dataSource.query('vacuum visits');
  });

  it('is a matcher, whose failure tells the reason and the plan', async () => {
    const contract = defineContract({
      name: 'page of visits',
      index: 'visits_page_at',
      run: ask([PAGE, [7]]),
    });
    await expect(contract).toHoldOn(dataSource);
    const broken = { ...contract, index: 'visits_seen' };
    await expect(expect(broken).toHoldOn(dataSource)).rejects.toThrow(
      /index-not-used \(custom plan\): Index visits_seen was not used; used was visits_page_at[\s\S]*Index Scan/,
    );
    await expect(broken).not.toHoldOn(dataSource);
    const { pass } = await contractMatchers.toHoldOn(contract, dataSource);
    expect(pass).toBe(true);
  });

  it('leaves no index without a contract unnoticed', async () => {
    const contract = (index: string[]) => ({ name: index.join(), index });
    const all = ['visits_page_at', 'visits_waiting', 'visits_tags', 'visits_seen', 'lines_visit', 'parts_at'];
    expect(await checkCoverage(dataSource, [contract(all)])).toEqual({
      uncovered: [],
      missing: [],
      repeated: [],
    });
    expect(await checkCoverage(dataSource, [contract(all.slice(1)), contract(['no_such'])])).toEqual({
      uncovered: ['public.visits_page_at'],
      missing: [{ contract: 'no_such', index: 'no_such' }],
      repeated: [],
    });
    const exempt = { visits_page_at: 'of a report that another program sends' };
    expect((await checkCoverage(dataSource, [contract(all.slice(1))], { exempt })).uncovered).toEqual([]);
  });
});
