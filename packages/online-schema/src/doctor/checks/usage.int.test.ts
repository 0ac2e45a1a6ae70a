import { openReplica, openTemporaryServer } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';
import { examine } from '../examine';

const inDays = (days: number) => new Date(Date.now() + days * 24 * 60 * 60 * 1000);

describe('what the counts of use tell', () => {
  let scratch: Scratch;
  let openedAt: Date;

  beforeEach(async () => {
    openedAt = new Date();
    scratch = await openScratch({ poolSize: 1 });
    for (const statement of [
      'create table parent (id integer primary key)',
      'create table t (id integer primary key, a integer, b integer, parent_id integer, pad text)',
      `insert into t select n, n, n, null, repeat('x', 100) from generate_series(1, 60000) as n`,
      'create index t_a on t (a)',
      'analyze t',
      'select pg_stat_force_next_flush()',
    ])
      await scratch.dataSource.query(statement);
  });

  afterEach(() => scratch.close());

  describe('unused-index', () => {
    const examineLater = (statements: string[] = []) =>
      examineOnly(scratch.dataSource, 'unused-index', [...statements, 'select pg_stat_force_next_flush()'], {
        now: inDays(30),
      });

    it('reports an index that nothing has read while the statistics grew old', async () => {
      const report = await examineLater();
      expect(report.findings).toMatchObject([{ object: 'public.t_a', severity: 'notice' }]);
      expect(report.findings[0]?.message).toMatch(
        /^Not read in the (29|30) days that the counts go back at least, or since it was built/,
      );
      expect(report.unseen).toEqual([]);
    });

    it('says how far the counts go back once they were reset', async () => {
      const report = await examineLater(['select pg_stat_reset()']);
      expect(report.findings[0]?.message).toMatch(
        /^Not read in the (29|30) days that the counts go back, or since/,
      );
    });

    it('says nothing against it while the statistics are young', async () => {
      const report = await examineOnly(scratch.dataSource, 'unused-index', [], { now: inDays(6) });
      expect(report.findings).toEqual([]);
      expect(report.unseen).toMatchObject([
        {
          message: expect.stringMatching(
            /^public\.t_a: not read so far, but the counts are not known to be more than [56] days old/,
          ),
        },
      ]);
    });

    it('says nothing against it in a database that is young, however long its server counts', async () => {
      const now = new Date(openedAt.getTime() + 7 * 24 * 60 * 60 * 1000);
      const [server] = await scratch.dataSource.query('select stats_reset as since from pg_stat_bgwriter');
      expect(server.since.getTime()).toBeLessThan(openedAt.getTime());
      const report = await examineOnly(scratch.dataSource, 'unused-index', [], { now });
      expect(report.findings).toEqual([]);
      expect(report.unseen).toMatchObject([{ message: expect.stringContaining('6 days old') }]);
    });

    it('keeps what another check would have take the place of an index that is read', async () => {
      const read = [
        'set enable_seqscan = off',
        'select * from t where a = 5',
        'select pg_stat_force_next_flush()',
      ];
      const statements = [...read, 'create index t_ab on t (a, b)', 'create index t_again on t (a)'];
      const report = await examineLater(statements);
      expect(objectsOf(report)).toEqual(['public.t_again']);
      const others = await examine(scratch.dataSource, { only: ['duplicate-index', 'prefix-redundant'] });
      expect(objectsOf(others)).toEqual(['public.t_again', 'public.t_a']);
      // The control: it is the index that is read which keeps the longer one.
      expect(objectsOf(await examineLater(['drop index t_a', 'drop index t_again']))).toEqual([
        'public.t_ab',
      ]);
    });

    it('leaves one of those that serve the same foreign key', async () => {
      const report = await examineLater([
        'drop index t_a',
        'alter table t add constraint fk foreign key (parent_id) references parent',
        'create index t_one on t (parent_id, a)',
        'create index t_other on t (parent_id, b)',
      ]);
      expect(report.findings).toHaveLength(1);
      for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
      const served = await examineOnly(scratch.dataSource, 'foreign-key-without-index');
      expect(served.findings).toEqual([]);
      expect((await examineLater()).findings).toEqual([]);
    });

    it.each<[string, string[]]>([
      ['was read once', ['set enable_seqscan = off', 'select * from t where a = 5']],
      ['enforces a rule', ['drop index t_a', 'create unique index t_a on t (a)']],
      ['belongs to a constraint', ['drop index t_a', 'alter table t add constraint t_a unique (a)']],
      ['is small', ['truncate t']],
      ['is not valid', [`update pg_index set indisvalid = false where indexrelid = 't_a'::regclass`]],
      [
        'alone serves a foreign key',
        [
          'drop index t_a',
          'alter table t add constraint fk foreign key (parent_id) references parent',
          'create index t_parent on t (parent_id)',
          'insert into t select n from generate_series(100000, 260000) as n',
        ],
      ],
    ])('does not report an index that %s', async (_, statements) => {
      const report = await examineLater(statements);
      expect(report).toMatchObject({ findings: [], unseen: [] });
    });
  });

  it('says nothing against an index that a replica may read, nor on the replica', async () => {
    await using server = await openTemporaryServer();
    const open = async (url: string) => {
      const dataSource = new DataSource({ type: 'postgres', url, installExtensions: false });
      await dataSource.initialize();
      return dataSource;
    };
    const primary = await open(server.url);
    try {
      await primary.query('create table t (a integer)');
      await primary.query('insert into t select n from generate_series(1, 60000) as n');
      await primary.query('create index t_a on t (a)');
      const alone = await examineOnly(primary, 'unused-index', [], { now: inDays(30) });
      expect(objectsOf(alone)).toEqual(['public.t_a']);

      await using replica = await openReplica(server);
      const followed = await examineOnly(primary, 'unused-index', [], { now: inDays(30) });
      expect(followed.findings).toEqual([]);
      expect(followed.unseen).toMatchObject([{ message: expect.stringContaining('1 other follows it') }]);
      const standby = await open(replica.url);
      try {
        const there = await examineOnly(standby, 'unused-index', [], { now: inDays(30) });
        expect(there.findings).toEqual([]);
        expect(there.unseen).toMatchObject([
          { message: expect.stringContaining('not read on this replica') },
        ]);
      } finally {
        await standby.destroy();
      }
    } finally {
      await primary.destroy();
    }
  });

  describe('missing-index', () => {
    const scan = (times: number, condition: string, limit = '') => [
      'set max_parallel_workers_per_gather = 0',
      `do $$ begin for i in 1..${times} loop perform from t where ${condition} ${limit}; end loop; end $$`,
      'select pg_stat_force_next_flush()',
    ];

    it('reports a large table that is read from end to end, with what was read', async () => {
      const report = await examineOnly(scratch.dataSource, 'missing-index', scan(130, 'b = 7'));
      expect(report.findings).toMatchObject([{ object: 'public.t', mend: [], figures: { rows: 60_000 } }]);
      expect(report.findings[0]?.figures.bytesRead).toBeGreaterThan(1024 ** 3);
    });

    // Each by one limit alone: more than a gigabyte is read, but for the last.
    it.each<[string, string[]]>([
      [
        'is read rarely, though it is large',
        [
          `insert into t select n, n, n, null, repeat('x', 100) from generate_series(60001, 200000) as n`,
          ...scan(60, 'b = 7'),
        ],
      ],
      [
        'is found through an index nearly always',
        [...scan(130, 'b = 7'), 'set enable_seqscan = off', ...scan(20_000, 'a = 7')],
      ],
      [
        'is small, though it is read often',
        ['delete from t where id > 20000', 'vacuum full t', ...scan(450, 'b = 7')],
      ],
      ['is read a few rows at a time', scan(2000, 'b > 0', 'limit 6000')],
      ['is read from end to end, but not so much in all', scan(110, 'b = 7')],
    ])('does not report a table that %s', async (_, statements) => {
      const report = await examineOnly(scratch.dataSource, 'missing-index', statements);
      expect(report.findings).toEqual([]);
    });
  });
});
