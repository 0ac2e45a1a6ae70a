import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { asStranger } from '../../test/as-stranger';
import { examineOnly, objectsOf } from '../../test/examine-only';

const PAGE_BYTES = 8192;

describe('corruption', () => {
  let server: TemporaryServer;
  let dataSource: DataSource;

  const connect = async () => {
    dataSource = new DataSource({ type: 'postgres', url: server.url, installExtensions: false, poolSize: 1 });
    await dataSource.initialize();
  };

  beforeAll(async () => {
    server = await openTemporaryServer();
    await connect();
    for (const statement of [
      'create table t (id integer primary key, name text)',
      `insert into t select n, 'name ' || n from generate_series(1, 20000) as n`,
      'create index x on t (name)',
      'create index y on t (id, name)',
      'create index z on t using hash (name)',
      'checkpoint',
    ])
      await dataSource.query(statement);
  });

  afterAll(async () => {
    await dataSource.destroy();
    await server.stop();
  });

  it('says what would let it look, step by step', async () => {
    const before = await examineOnly(dataSource, 'corruption');
    expect(before).toMatchObject({
      findings: [],
      unseen: [{ message: expect.stringContaining('CREATE EXTENSION amcheck') }],
    });
    await dataSource.query('create schema tools');
    await dataSource.query('create extension amcheck schema tools');
    const look = () => examineOnly(dataSource, 'corruption');
    const stranger = await asStranger(dataSource, [], look);
    expect(stranger.unseen).toMatchObject([
      {
        message: expect.stringContaining(
          'GRANT EXECUTE ON FUNCTION "tools"."bt_index_check"(regclass, boolean)',
        ),
      },
    ]);
    const grants = ['usage on schema tools', 'execute on function tools.bt_index_check(regclass, boolean)'];
    expect(await asStranger(dataSource, grants, look)).toMatchObject({ findings: [], unseen: [] });
  });

  it('does not report indexes that are whole', async () => {
    expect(await examineOnly(dataSource, 'corruption')).toMatchObject({ findings: [], unseen: [] });
  });

  it('lets indexes be whose table somebody has locked, after one attempt', async () => {
    const another = new DataSource({ type: 'postgres', url: server.url, installExtensions: false });
    await another.initialize();
    const holder = another.createQueryRunner();
    try {
      await holder.startTransaction();
      await holder.query('lock table t in access exclusive mode');
      const report = await examineOnly(dataSource, 'corruption', [], { timeoutMs: 5000 });
      expect(report.findings).toEqual([]);
      expect(report.unseen).toMatchObject([
        { message: expect.stringMatching(/^Somebody holds a lock on public\.t;/) },
      ]);
    } finally {
      await holder.rollbackTransaction();
      await holder.release();
      await another.destroy();
    }
  });

  it('reports an index with a page that the disk has lost, and no other', async () => {
    const [file] = await dataSource.query(`select pg_relation_filepath('x') as path`);
    await dataSource.destroy();
    await server.halt();
    const index = await open(join(server.folder, 'data', file.path), 'r+');
    try {
      await index.write(Buffer.alloc(PAGE_BYTES), 0, PAGE_BYTES, 3 * PAGE_BYTES);
    } finally {
      await index.close();
    }
    await server.resume();
    await connect();
    const report = await examineOnly(dataSource, 'corruption');
    expect(report).toMatchObject({
      findings: [{ object: 'public.x', severity: 'critical', subject: { table: 't', index: 'x' } }],
      unseen: [],
    });
    expect(report.findings[0]?.message).toContain('zero page');
    for (const mend of report.findings[0]?.mend ?? []) await dataSource.query(mend);
    expect(objectsOf(await examineOnly(dataSource, 'corruption'))).toEqual([]);
  });

  describe('where an operator class of its own sorts', () => {
    const sort = (body: string) =>
      dataSource.query(
        `create or replace function compare(one integer, other integer) returns integer language plpgsql immutable as
         $$ begin ${body}; return case when one < other then -1 when one > other then 1 else 0 end; end $$`,
      );

    beforeAll(async () => {
      await sort('null');
      for (const statement of [
        'create table ranked (id integer)',
        'insert into ranked select n from generate_series(1, 1000) as n',
        `create operator class odd_ops for type integer using btree as
           operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 compare(integer, integer)`,
        'create index odd on ranked (id odd_ops)',
      ])
        await dataSource.query(statement);
    });

    it('does not report an index that is in order', async () => {
      expect(await examineOnly(dataSource, 'corruption')).toMatchObject({ findings: [], unseen: [] });
    });

    it('holds no lock on a table that it has done with, for which a migration would wait', async () => {
      // Smaller, and so looked at before; the one who sorts the next index sees what is still locked.
      await dataSource.query('create table first (id integer primary key)');
      await sort(`if exists (
        select from pg_locks where pid = pg_backend_pid() and relation = 'public.first'::regclass
      ) then raise exception 'first is still locked'; end if`);
      const report = await examineOnly(dataSource, 'corruption');
      await sort('null');
      await dataSource.query('drop table first');
      expect(report).toMatchObject({ findings: [], unseen: [] });
    });

    it('says which indexes it did not reach in its time, and has looked at the smaller ones', async () => {
      await sort('perform pg_sleep(0.1)');
      const report = await examineOnly(dataSource, 'corruption', [], { timeoutMs: 2000 });
      await sort('null');
      expect(report.findings).toEqual([]);
      expect(report.unseen).toHaveLength(1);
      expect(report.unseen[0]?.message).toMatch(/^In the 2 s of the check, .*public\.odd/);
    });

    it('reports an index whose order has changed beneath it', async () => {
      await sort('if one <> other then return case when one < other then 1 else -1 end; end if');
      const report = await examineOnly(dataSource, 'corruption');
      await sort('null');
      expect(objectsOf(report)).toEqual(['public.odd']);
      expect(report.findings[0]?.message).toContain('item order invariant violated');
    });
  });
});
