import type { QueryRunner } from 'typeorm';
import type { RunEvent } from '../run/run-event';
import { openScratch, type Scratch } from '../test/scratch';
import { createVisits, readTree } from '../test/visits';
import { waitFor } from '../test/wait-for';
import { reindex } from './reindex';

describe('reindex', () => {
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    await runner.query(
      `create table things (id integer primary key, code text, span int4range, exclude using gist (span with &&))
       with (autovacuum_enabled = false)`,
    );
    await runner.query(
      `insert into things select n, md5(n::text), int4range(n, n + 1) from generate_series(1, 5000) n`,
    );
    await runner.query('create index "IDX_things_Code" on things (code)');
  });

  afterEach(async () => {
    await runner.release();
    await scratch.close();
  });

  const whole = ['IDX_things_Code on things', 'things_pkey on things', 'things_span_excl on things'];
  const grow = async () => {
    await runner.query('delete from things where id % 20 <> 0');
    await runner.query('vacuum analyze things');
  };

  it('builds a named index anew, however its name is written, and says what that gave back', async () => {
    await grow();
    for (const name of [
      'IDX_things_Code',
      'public.IDX_things_Code',
      '"IDX_things_Code"',
      'PUBLIC.Things_PKey',
    ]) {
      const { rebuilt, failed } = await reindex(scratch.dataSource, { names: [name] });
      expect(failed).toEqual([]);
      expect(rebuilt).toEqual([
        {
          schema: 'public',
          table: 'things',
          name: name.toLowerCase().includes('pkey') ? 'things_pkey' : 'IDX_things_Code',
          bytesBefore: expect.any(Number),
          bytesAfter: expect.any(Number),
          elapsedMs: expect.any(Number),
          bloat: null,
        },
      ]);
    }
    const { rebuilt } = await reindex(scratch.dataSource, { names: ['IDX_things_Code'] });
    expect(rebuilt[0]?.bytesAfter).toBeLessThan(50_000);
    expect(await readTree(runner)).toEqual(whole);
    await expect(runner.query('insert into things values (20)')).rejects.toMatchObject({
      driverError: { constraint: 'things_pkey' },
    });
  });

  it('rebuilds each leaf of a partitioned index, and leaves the whole valid', async () => {
    await runner.query('drop table things');
    await createVisits(runner);
    await runner.query('create index idx_visits_page on visits (page)');
    const before = await readTree(runner);
    const { rebuilt } = await reindex(scratch.dataSource, {
      names: ['idx_visits_page', 'visits_2022_page_idx'],
    });
    expect(rebuilt.map(({ name }) => name)).toEqual([
      'visits_2020_page_idx',
      'visits_2021_a_page_idx',
      'visits_2021_b_page_idx',
      'visits_2022_page_idx',
    ]);
    expect(await readTree(runner)).toEqual(before);
  });

  it.each([
    ['an unknown name', 'idx_nowhere', 'HOLDFAST_REINDEX_UNKNOWN', 'there is no index idx_nowhere'],
    ['what is no name at all', 'a b; c', 'HOLDFAST_REINDEX_UNKNOWN', 'there is no index a b; c'],
    ['a table', 'things', 'HOLDFAST_REINDEX_UNKNOWN', 'things is not an index'],
    [
      'an exclusion constraint',
      'things_span_excl',
      'HOLDFAST_REINDEX_REFUSED',
      'exclusion constraint things_span_excl',
    ],
    ['a system catalog', 'pg_class_oid_index', 'HOLDFAST_REINDEX_REFUSED', 'system catalog'],
  ])('refuses %s before anything is done', async (_, name, code, message) => {
    const before = await runner.query(`select pg_relation_filenode('things_pkey') as node`);
    await expect(reindex(scratch.dataSource, { names: ['things_pkey', name] })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(await runner.query(`select pg_relation_filenode('things_pkey') as node`)).toEqual(before);
  });

  it('would fail on what it refuses', async () => {
    for (const name of ['things_span_excl', 'pg_class_oid_index'])
      await expect(runner.query(`reindex index concurrently ${name}`)).rejects.toMatchObject({
        driverError: { code: '0A000' },
      });
  });

  it('goes on with the others when one cannot be rebuilt, and leaves nothing of that one', async () => {
    await runner.query(`update things set code = 'same' where id < 3`);
    await expect(
      runner.query('create unique index concurrently idx_twice on things (code)'),
    ).rejects.toThrow();
    await expect(runner.query('reindex index concurrently idx_twice')).rejects.toThrow();
    expect(await readTree(runner)).toContain('idx_twice_ccnew on things, invalid, not ready');

    const { rebuilt, failed } = await reindex(scratch.dataSource, { names: ['idx_twice', 'things_pkey'] });
    expect(rebuilt.map(({ name }) => name)).toEqual(['things_pkey']);
    expect(failed).toMatchObject([
      {
        code: 'HOLDFAST_REINDEX_FAILED',
        index: 'public.idx_twice',
        message: expect.stringContaining('unique'),
      },
    ]);
    expect(await readTree(runner)).toEqual([
      whole[0],
      'idx_twice on things, invalid, not ready',
      ...whole.slice(1),
    ]);
    await runner.query(`update things set code = 'other' where id = 1`);
    await reindex(scratch.dataSource, { names: ['idx_twice'] });
    expect(await readTree(runner)).toContain('idx_twice on things');
  });

  it('drops remains alone: what is valid, or another index, keeps its name', async () => {
    await runner.query('create index things_pkey_ccold on things (id)');
    await runner.query('create index things_pkey_ccnew on things (id) where id > 7');
    await runner.query('create unique index things_pkey_ccnew1 on things (id)');
    await runner.query('create unique index things_pkey_ccold1 on things (id)');
    await runner.query(
      `update pg_index set indisvalid = false
       where indexrelid in ('things_pkey_ccnew'::regclass, 'things_pkey_ccnew1'::regclass)`,
    );
    await reindex(scratch.dataSource, { names: ['things_pkey'] });
    expect(await readTree(runner)).toEqual([
      whole[0],
      whole[1],
      'things_pkey_ccnew on things, invalid',
      'things_pkey_ccold on things',
      'things_pkey_ccold1 on things',
      whole[2],
    ]);
  });

  it('rebuilds what is bloated and nothing else, and only says so in a dry run', async () => {
    const limits = { bloated: { minBytes: 200_000, minRatio: 0.5 } };
    await runner.query('analyze things');
    await expect(reindex(scratch.dataSource, limits)).resolves.toEqual({ rebuilt: [], failed: [] });
    await grow();
    await runner.query('create table fresh (id integer)');
    await runner.query('create index idx_fresh on fresh (id)');
    await runner.query('insert into fresh select n from generate_series(1, 20000) n');
    const nodes = () =>
      runner.query(`select relname, relfilenode from pg_class where relkind = 'i' order by 1`);
    const before = await nodes();
    const events: RunEvent[] = [];
    const planned = await reindex(scratch.dataSource, {
      ...limits,
      dryRun: true,
      report: (event) => events.push(event),
    });
    expect(planned.rebuilt).toMatchObject([
      {
        name: 'IDX_things_Code',
        bytesAfter: null,
        bloat: { basis: 'estimated', wastedRatio: expect.any(Number) },
      },
    ]);
    expect(await nodes()).toEqual(before);
    expect(events).toMatchObject([{ type: 'notice', name: 'public.idx_fresh' }]);

    const { rebuilt } = await reindex(scratch.dataSource, limits);
    expect(rebuilt.map(({ name }) => name)).toEqual(['IDX_things_Code']);
    await expect(reindex(scratch.dataSource, limits)).resolves.toEqual({ rebuilt: [], failed: [] });
    const whatever = await reindex(scratch.dataSource, {
      bloated: { minBytes: 0, minRatio: 0 },
      dryRun: true,
    });
    expect(whatever.rebuilt.map(({ name }) => name).toSorted()).toEqual(['IDX_things_Code', 'things_pkey']);
    const byDefault = await reindex(scratch.dataSource, { bloated: {}, dryRun: true });
    expect(byDefault.rebuilt).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['neither names nor bloated', {}, 'names'],
    ['both', { names: ['a'], bloated: {} }, 'names'],
    ['no name', { names: [] }, 'names'],
    ['a size below zero', { bloated: { minBytes: -1 } }, 'minBytes'],
    ['a share above the whole', { bloated: { minRatio: 1.1 } }, 'minRatio'],
    ['a misspelt limit', { bloated: { minByte: 1 } }, 'bloated option'],
    ['a misspelt option', { names: ['a'], dryrun: true }, 'reindex option'],
  ])('refuses %s', async (_, request, option) => {
    await expect(reindex(scratch.dataSource, request)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      option,
    });
  });

  it('finds bloated ones in a schema with a dot, a capital or a quote in its name', async () => {
    await runner.query('create schema "Odd.""one"');
    await runner.query('create table "Odd.""one".things as select n as id from generate_series(1, 1000) n');
    await runner.query('create index "by.id" on "Odd.""one".things (id)');
    await runner.query('analyze "Odd.""one".things');
    await runner.query(
      `do $$ begin execute format('alter database %I set search_path = %I', current_database(), 'Odd."one'); end $$`,
    );
    const dataSource = await scratch.open();
    const { rebuilt } = await reindex(dataSource, { bloated: { minBytes: 0, minRatio: 0 }, dryRun: true });
    expect(rebuilt).toMatchObject([{ schema: 'Odd."one', name: 'by.id' }]);
  });

  it('waits for whoever has the migration lock, and says so', async () => {
    const LOCK = [0x686f6c64, 0x66617374];
    const node = async () =>
      (await runner.query(`select pg_relation_filenode('things_pkey') as node`))[0].node;
    const before = await node();
    await runner.query('select pg_advisory_lock($1, $2)', LOCK);
    const events: RunEvent[] = [];
    const running = reindex(scratch.dataSource, {
      names: ['things_pkey'],
      report: (event) => events.push(event),
    });
    try {
      await waitFor(() => events.some(({ type }) => type === 'waiting'));
      expect(await node()).toBe(before);
    } finally {
      await runner.query('select pg_advisory_unlock($1, $2)', LOCK);
    }
    await expect(running).resolves.toMatchObject({ failed: [] });
    expect(await node()).not.toBe(before);
  });

  it('runs once after the other when several are started at once', async () => {
    const runs = await Promise.all(
      [1, 2, 3].map(() => reindex(scratch.dataSource, { names: ['things_pkey'] })),
    );
    expect(runs.map(({ rebuilt, failed }) => [rebuilt.length, failed.length])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    expect(await readTree(runner)).toEqual(whole);
  });
});
