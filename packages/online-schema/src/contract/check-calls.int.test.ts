import type { EntityManager } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { type CheckContractOptions, checkContract } from './check-contract';
import type { ContractReport } from './contract-report';
import { defineContract, type QueryContract } from './query-contract';

const SCENE = [
  'create table parents (id integer primary key)',
  `create table big (id integer primary key, parent_id integer references parents on delete cascade,
     kind integer not null, at integer not null, filler text)`,
  'insert into parents select n from generate_series(1, 1000) n',
  "insert into big select n, 1 + n % 1000, n % 7, n / 3, repeat('x', 100) from generate_series(1, 100000) n",
  'create index big_at on big (at)',
  'create index big_kind on big (kind)',
  'create table marks (id integer primary key)',
  'create schema elsewhere',
  'create table elsewhere.big (id integer, at integer)',
  'create index big_at on elsewhere.big (at)',
];

const ROOMY = { maxBuffers: 100_000, because: 'its pages are not what is tried' };

describe('calls that do more than read a page', () => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await openScratch();
    for (const statement of SCENE) await scratch.dataSource.query(statement);
    await scratch.dataSource.query('vacuum analyze big');
    await scratch.dataSource.query('vacuum analyze parents');
  });

  afterAll(async () => {
    await scratch.dataSource.query('drop schema elsewhere cascade');
    await scratch.close();
  });

  const check = (
    index: QueryContract['index'],
    run: QueryContract['run'],
    more: Partial<QueryContract> = {},
    options: CheckContractOptions<void> = {},
  ) => checkContract(scratch.dataSource, defineContract({ name: 'tried', index, run, ...more }), options);
  const kinds = (report: ContractReport) => [...new Set(report.broken.map(({ kind }) => kind))];
  const findBig = (manager: EntityManager) => manager.query('select * from big where id = $1', [1]);

  describe('a sort', () => {
    const byTime = 'select * from big order by at desc, id desc limit $1';

    it('of many small groups that an index has put in order is none that an index should have given', async () => {
      const report = await check('big_at', (manager) => manager.query(byTime, [200]), ROOMY);
      expect(report.statements[0]?.runs[0]?.plan).toContain('Incremental Sort');
      expect(kinds(report)).toEqual([]);
    });

    it('of one large group is one', async () => {
      const report = await check(
        'big_kind',
        (manager) =>
          manager
            .query('set local enable_seqscan = off')
            .then(() => manager.query('set local enable_sort = off'))
            .then(() => manager.query('select * from big order by kind, id limit $1', [200])),
        ROOMY,
      );
      expect(report.statements[0]?.runs[0]?.plan).toContain('Incremental Sort');
      expect(kinds(report)).toEqual(['sort']);
    });

    it('of many rows is one, and of few is none', async () => {
      const below = (at: number) => (manager: EntityManager) =>
        manager.query('select * from big where at < $1 order by filler, id limit 20', [at]);
      expect(kinds(await check('big_at', below(3000), { ...ROOMY, plans: ['custom'] }))).toContain('sort');
      expect(kinds(await check('big_at', below(20), { ...ROOMY, plans: ['custom'] }))).toEqual([]);
    });
  });

  describe('a scan from the beginning', () => {
    it('that a LIMIT ends after a few pages is none of the whole table', async () => {
      const report = await check('big_pkey', async (manager) => {
        await findBig(manager);
        await manager.query('select * from big limit 10');
      });
      expect(kinds(report)).toEqual([]);
    });

    it('that a filter may lead to the end is one, however soon it ended', async () => {
      const report = await check('big_pkey', async (manager) => {
        await findBig(manager);
        await manager.query("select * from big where filler like 'x%' limit 10");
      });
      expect(kinds(report)).toEqual(['seq-scan']);
    });

    it('is seen where a foreign key does it, and is not where that has its index', async () => {
      const remove = (manager: EntityManager) => manager.query('delete from parents where id = $1', [5]);
      const report = await check('parents_pkey', remove, ROOMY);
      expect(kinds(report)).toEqual(['seq-scan']);
      await scratch.dataSource.query('create index big_parent on big (parent_id)');
      try {
        expect(kinds(await check(['parents_pkey', 'big_parent'], remove, ROOMY))).toEqual([]);
      } finally {
        await scratch.dataSource.query('drop index big_parent');
      }
    });

    it('is seen where a function does it, and so is the index that another uses', async () => {
      await scratch.dataSource.query(`
        create function find_big(wanted integer) returns setof big language plpgsql stable
        as $$ begin return query select * from big where at = wanted; end $$`);
      await scratch.dataSource.query(`
        create function search_big(wanted text) returns setof big language plpgsql stable
        as $$ begin return query select * from big where filler = wanted; end $$`);
      const find = (manager: EntityManager) => manager.query('select * from find_big($1)', [30]);
      expect(kinds(await check('big_at', find))).toEqual([]);
      expect(kinds(await check('big_kind', find))).toEqual(['index-not-used']);
      const search = (manager: EntityManager) => manager.query('select * from search_big($1)', ['y']);
      expect(kinds(await check('big_at', search, ROOMY))).toEqual(['seq-scan', 'index-not-used']);
    });

    it('is seen behind a cursor', async () => {
      const report = await check('big_pkey', async (manager) => {
        await findBig(manager);
        await manager.query('declare found no scroll cursor for select * from big where filler = $$for$$');
        await manager.query('fetch all from found');
      });
      expect(kinds(report)).toContain('seq-scan');
      expect(report.statements.map(({ sql }) => sql.trim())).toEqual([
        'select * from big where id = $1',
        'select * from big where filler = $$for$$',
      ]);
    });

    it('is seen behind a stream, whose rows arrive', async () => {
      let rows = 0;
      const report = await check('big_pkey', async (manager) => {
        await findBig(manager);
        const stream = await manager.queryRunner?.stream(
          "select * from big where filler = 'x' or kind = $1",
          [3],
        );
        for await (const _ of stream ?? []) rows += 1;
      });
      expect(rows).toBeGreaterThan(10_000);
      expect(kinds(report)).toContain('seq-scan');
    });
  });

  describe('an index', () => {
    it('in a part of the plan that had nothing to do is used all the same', async () => {
      const report = await check('big_pkey', (manager) =>
        manager.query('select big.* from marks join big on big.id = marks.id where marks.id = $1', [-1]),
      );
      expect(kinds(report)).toEqual([]);
    });

    it('of a conflict that is not named is used', async () => {
      const insert = (manager: EntityManager) =>
        manager.query('insert into marks values ($1) on conflict do nothing', [1234]);
      expect(kinds(await check('marks_pkey', insert))).toEqual([]);
      const plain = (manager: EntityManager) => manager.query('insert into marks values ($1)', [1234]);
      expect(kinds(await check('marks_pkey', plain))).toEqual(['index-not-used']);
    });

    it('of the same name in another schema is another', async () => {
      const page = (manager: EntityManager) => manager.query('select * from big where at = $1', [30]);
      expect(kinds(await check('big_at', page))).toEqual([]);
      expect(kinds(await check('public.big_at', page))).toEqual([]);
      expect(kinds(await check('elsewhere.big_at', page))).toEqual(['index-not-used']);
    });

    it('of a bitmap is known with its schema', async () => {
      const bitmap = async (manager: EntityManager) => {
        await manager.query('set local enable_indexscan = off');
        await manager.query('select * from big where at = $1', [30]);
      };
      expect(kinds(await check('public.big_at', bitmap))).toEqual([]);
      expect(kinds(await check('elsewhere.big_at', bitmap))).toEqual(['index-not-used']);
    });
  });

  describe('the transaction of the call', () => {
    it.each(['commit', ' /* now */ END', 'rollback', 'abort and chain', "prepare transaction 'a'"])(
      'is not ended by %s',
      async (sql) => {
        const call = check('big_pkey', async (manager) => {
          await manager.query('insert into marks values (1)');
          await manager.query(sql).catch(() => undefined);
          await findBig(manager);
        });
        await expect(call).rejects.toMatchObject({ code: 'HOLDFAST_CONTRACT_NOT_RUN' });
        await expect(call).rejects.toThrow(/ends its transaction/);
        expect(await scratch.dataSource.query('select * from marks')).toEqual([]);
      },
    );

    it('is known to have ended where that came unseen', async () => {
      const call = check('big_pkey', async (manager) => {
        await manager.query('set local work_mem = 4096; commit; begin');
        await findBig(manager);
      });
      await expect(call).rejects.toThrow(/left its transaction ended/);
    });

    it('may be undone in part, and hold transactions within', async () => {
      const report = await check('big_pkey', async (manager) => {
        await manager.query('savepoint a');
        await manager.query('insert into marks values (7)');
        await manager.query('rollback to savepoint a');
        await manager.transaction((inner) => findBig(inner));
      });
      expect(kinds(report)).toEqual([]);
      expect(report.statements).toHaveLength(2);
    });

    it('goes on after a statement that the server refused and the call undid, which is told', async () => {
      await scratch.dataSource.query('insert into marks values (7)');
      const report = await check('big_pkey', async (manager) => {
        await manager.query('savepoint a');
        await manager.query('insert into marks values (7)').catch(() => undefined);
        await manager.query('rollback to savepoint a');
        await findBig(manager);
      });
      expect(kinds(report)).toEqual([]);
      expect(report.notices).toMatchObject([{ kind: 'refused', statement: 1 }]);
      await scratch.dataSource.query('delete from marks');
    });
  });

  it('cannot hide a statement behind another in one text, even by catching', async () => {
    const call = check('big_pkey', async (manager) => {
      await findBig(manager);
      await manager.query('select 1; select * from big where kind = 3').catch(() => undefined);
    });
    await expect(call).rejects.toMatchObject({
      code: 'HOLDFAST_CONTRACT_NOT_EXPLAINED',
      cause: expect.objectContaining({ message: expect.stringContaining('multiple commands') }),
    });
  });

  it('takes empty arrays, bytes, moments, documents and truth values as the driver does', async () => {
    const values = [[], 1, new Date(), { a: `b'\\` }, Buffer.from('x'), true];
    const report = await check('big_pkey', (manager) =>
      manager.query(
        `select * from big
         where id = any($1::int[])
            or (id = $2 and $3::timestamptz is not null and $4::jsonb is not null and $5::bytea is not null and $6)`,
        values,
      ),
    );
    expect(report.statements[0]?.runs.map(({ rows }) => rows)).toEqual([1, 1]);
  });

  it('judges each of several statements sent at once', async () => {
    const report = await check('big_pkey', (manager) =>
      Promise.all([1, 2, 3].map((id) => manager.query('select * from big where id = $1', [id]))),
    );
    expect(report.broken).toEqual([]);
    expect(report.statements).toHaveLength(3);
  });

  it('sees what the transaction of a lent runner has done, and leaves that as it is', async () => {
    const runner = scratch.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query('drop index big_at');
      const page = (manager: EntityManager) => manager.query('select * from big where at = $1', [30]);
      const contract = defineContract({ name: 'tried', index: 'big_at', run: page });
      expect(kinds(await checkContract(runner, contract))).toEqual([
        'over-budget',
        'seq-scan',
        'index-missing',
      ]);
      await runner.query('create index big_at on big (at)');
      expect(kinds(await checkContract(runner, contract))).toEqual([]);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it('leaves the connection as it was', async () => {
    await check('big_pkey', findBig);
    const left = await scratch.dataSource.query(`
      select (select count(*) from pg_prepared_statements where name like 'holdfast%')::int as statements,
             current_setting('plan_cache_mode') as mode, current_setting('jit') as jit`);
    expect(left).toEqual([{ statements: 0, mode: 'auto', jit: 'on' }]);
  });
});
