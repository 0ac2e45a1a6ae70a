import { openTemporaryServer } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { examineOnly, objectsOf } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('constraint-not-valid', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create table parent (id integer primary key)');
    await scratch.dataSource.query('insert into parent values (1)');
    await scratch.dataSource.query('create table t (id integer, parent_id integer)');
    await scratch.dataSource.query('insert into t values (1, 1)');
  });

  afterEach(() => scratch.close());

  const look = (...statements: string[]) =>
    examineOnly(scratch.dataSource, 'constraint-not-valid', statements);

  it('reports a check that rows from before break', async () => {
    const report = await look('alter table t add constraint positive check (id > 1) not valid');
    expect(report.findings).toMatchObject([
      {
        object: 'public.t.positive',
        subject: { table: 't', index: 'positive' },
        figures: { kind: 'check', columns: 'id' },
      },
    ]);
    const [mend = ''] = report.findings[0]?.mend ?? [];
    await expect(scratch.dataSource.query(mend)).rejects.toThrow('is violated by some row');
    await scratch.dataSource.query('delete from t');
    await scratch.dataSource.query(mend);
    expect(objectsOf(await look())).toEqual([]);
  });

  it.each([
    [
      'a foreign key',
      'alter table t add constraint "c d" foreign key (parent_id) references parent not valid',
      'public.t.c d',
    ],
    [
      'a check of no column',
      'alter table t add constraint c check (now() > $$2020-01-01$$) not valid',
      'public.t.c',
    ],
  ])('reports %s, and mends it', async (_, statement, object) => {
    const report = await look(statement);
    expect(objectsOf(report)).toEqual([object]);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    expect(objectsOf(await look())).toEqual([]);
  });

  it('reports a check of a domain, which no table has', async () => {
    const report = await look(
      'create domain email as text',
      `alter domain email add constraint with_at check (value like '%@%') not valid`,
    );
    expect(report.findings).toMatchObject([
      {
        object: 'public.email.with_at',
        mend: ['ALTER DOMAIN "public"."email" VALIDATE CONSTRAINT "with_at"'],
      },
    ]);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    expect(objectsOf(await look())).toEqual([]);
  });

  it('reports what partitions have from their table once', async () => {
    const report = await look(
      'create table p (id integer) partition by range (id)',
      'create table p1 partition of p for values from (0) to (10)',
      'create table p2 partition of p for values from (10) to (20)',
      'alter table p add constraint c check (id <> 3) not valid',
    );
    expect(objectsOf(report)).toEqual(['public.p.c']);
    for (const mend of report.findings[0]?.mend ?? []) await scratch.dataSource.query(mend);
    expect(objectsOf(await look())).toEqual([]);
  });

  it('does not report what is valid, nor what is in a schema of somebody else', async () => {
    const report = await look(
      'alter table t add constraint a check (id > 0)',
      'alter table t add constraint b check (id > 1) not valid',
      'update t set id = 2',
      'alter table t validate constraint b',
      'alter table t add constraint c foreign key (parent_id) references parent',
      'create schema other',
      'create table other.t (id integer)',
      'alter table other.t add constraint d check (id > 1) not valid',
    );
    expect(objectsOf(report)).toEqual([]);
  });

  it('tells from it, on PostgreSQL 18, a constraint that is not to be enforced', async () => {
    await using server = await openTemporaryServer({ version: 18 });
    const dataSource = new DataSource({ type: 'postgres', url: server.url, installExtensions: false });
    await dataSource.initialize();
    try {
      const report = await examineOnly(dataSource, 'constraint-not-valid', [
        'create table parent (id integer primary key)',
        'create table t (id integer, name text)',
        'alter table t add constraint a check (id > 1) not enforced',
        'alter table t add constraint b foreign key (id) references parent not enforced',
        'alter table t add constraint c foreign key (id) references parent not valid',
        'alter table t add constraint d not null name not valid',
      ]);
      expect(objectsOf(report)).toEqual(['public.t.c', 'public.t.d']);
      for (const { mend } of report.findings) await dataSource.query(mend.join());
      expect(objectsOf(await examineOnly(dataSource, 'constraint-not-valid'))).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });
});
