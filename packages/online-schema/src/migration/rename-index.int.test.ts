import type { QueryRunner } from 'typeorm';
import { StatementNotes } from '../run/statement-notes';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { renameIndex } from './rename-index';
import { attachRun } from './run-context';
import { listenToSteps } from './steps';

const EMAIL = { table: 'people', from: 'people_mail', to: 'people_email' };

describe('renameIndex', () => {
  let scratch: Scratch;
  let runner: QueryRunner;
  let steps: string[];

  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  beforeEach(async () => {
    steps = [];
    runner = scratch.dataSource.createQueryRunner();
    listenToSteps(runner, ({ action, name }) => steps.push(`${action} ${name}`));
    await runner.query('create table people (id integer primary key, email text)');
    await runner.query('create index people_mail on people (email)');
  });
  afterEach(async () => {
    await scratch.dataSource.query('drop table if exists people, others');
    await runner.release();
  });

  const readOids = async (): Promise<Record<string, number>> => {
    const rows: { name: string; oid: number }[] = await scratch.dataSource.query(
      `select relname as name, oid from pg_class where relkind in ('i', 'I') and relname like 'people%' and relname <> 'people_pkey'`,
    );
    return Object.fromEntries(rows.map(({ name, oid }) => [name, oid]));
  };

  it('keeps the index and changes its name, once', async () => {
    const before = await readOids();
    await renameIndex(runner, EMAIL);
    await renameIndex(runner, EMAIL);
    expect(await readOids()).toEqual({ people_email: before.people_mail });
    expect(steps).toEqual(['rename index people_email']);
  });

  it('is undone by the opposite', async () => {
    const before = await readOids();
    await renameIndex(runner, EMAIL);
    await renameIndex(runner, { table: 'people', from: EMAIL.to, to: EMAIL.from });
    expect(await readOids()).toEqual(before);
  });

  it('renames that of a partitioned table, and leaves those of its partitions what they are called', async () => {
    await runner.query(`drop table people; create table people (id integer, email text) partition by range (id);
      create table people_1 partition of people for values from (0) to (10); create index people_mail on people (email)`);
    await renameIndex(runner, EMAIL);
    expect(Object.keys(await readOids()).toSorted()).toEqual(['people_1_email_idx', 'people_email']);
  });

  it.each([
    ['both are there', 'create index people_email on people (id)', 'NAME_TAKEN', 'an index of public.people'],
    ['the name is a sequence', 'create sequence people_email owned by people.id', 'NAME_TAKEN', 'sequence'],
    [
      'the name is that of an index of another table',
      'create table others (id integer); create index people_email on others (id)',
      'NAME_TAKEN',
      'an index of public.others',
    ],
    ['neither is there', 'drop index people_mail', 'MISSING', 'people has no index of either name'],
    [
      'only another table has one of that name',
      'drop index people_mail; create table others (id integer); create index people_email on others (id)',
      'MISSING',
      'people has no index of either name',
    ],
    ['there is no table', 'drop table people', 'MISSING', 'there is no table people'],
    [
      'it is that of a constraint',
      'drop index people_mail; alter table people add constraint people_mail unique (email)',
      'OF_CONSTRAINT',
      'constraint people_mail',
    ],
  ])('fails and changes nothing where %s', async (_, sql, code, message) => {
    await runner.query(sql);
    const before = await readOids();
    await expect(renameIndex(runner, EMAIL)).rejects.toMatchObject({
      code: `HOLDFAST_INDEX_${code}`,
      message: expect.stringContaining(message),
    });
    expect(await readOids()).toEqual(before);
    expect(steps).toEqual([]);
  });

  it('refuses a name that PostgreSQL would cut, under which it would not be found again', async () => {
    const before = await readOids();
    await expect(renameIndex(runner, { ...EMAIL, to: 'é'.repeat(32) })).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_NAME_TOO_LONG',
    });
    expect(await readOids()).toEqual(before);
  });

  describe('with a definition', () => {
    const DEFINED = { ...EMAIL, definition: { keys: ['email'], unique: true } };
    const readDefinitions = async (): Promise<string[]> => {
      const rows: { definition: string }[] = await scratch.dataSource.query(
        `select pg_get_indexdef(indexrelid) as definition from pg_index
         where indrelid = 'people'::regclass and not indisprimary and indisvalid order by 1`,
      );
      return rows.map(({ definition }) => definition);
    };
    const BUILT = 'CREATE UNIQUE INDEX people_email ON public.people USING btree (email)';

    it.each([
      ['only the old one is there', 'create unique index people_mail on people (email)', ['rename', 'keep']],
      ['only the new one is there', 'create unique index people_email on people (email)', ['keep']],
      ['neither is there', 'select 1', ['build']],
      [
        'the old one is another index',
        'create index people_mail on people (email, id)',
        ['rename', 'replace'],
      ],
      ['the new one is another index', 'create index people_email on people (email, id)', ['replace']],
    ])('the new one is there afterwards where %s, and after a second time', async (_, sql, expected) => {
      await runner.query('drop index people_mail');
      await runner.query(sql);
      await renameIndex(runner, DEFINED);
      expect(steps).toEqual(expected.map((action) => `${action} index people_email`));
      expect(await readDefinitions()).toEqual([BUILT]);
      await renameIndex(runner, DEFINED);
      expect(steps).toHaveLength(expected.length + 1);
      expect(await readDefinitions()).toEqual([BUILT]);
    });

    it('it gets through where both are there, and tells of the one that it leaves', async () => {
      await runner.query('create unique index people_email on people (email)');
      const notices: string[] = [];
      attachRun(runner, {
        report: (event) => {
          if (event.type === 'notice') notices.push(event.message);
        },
      });
      await renameIndex(runner, DEFINED);
      expect(notices).toEqual([expect.stringContaining('index people_mail of people')]);
      expect(await readDefinitions()).toHaveLength(2);
    });

    it.each([
      ['rename', 'select 1', 'ALTER INDEX "public"."people_mail" RENAME TO "people_email"'],
      ['build', 'drop index people_mail', 'CREATE UNIQUE INDEX CONCURRENTLY "people_email"'],
    ])('a dry run tells that it would %s', async (_, sql, statement) => {
      await runner.query(sql);
      const before = await readOids();
      const recorder = new StatementNotes(runner);
      attachRun(runner, { recorder });
      await renameIndex(runner, DEFINED);
      expect(recorder.statements).toEqual([expect.stringContaining(statement)]);
      expect(await readOids()).toEqual(before);
    });

    it('it is refused in a transaction, where nothing can be built', async () => {
      await runner.startTransaction();
      await expect(renameIndex(runner, DEFINED)).rejects.toMatchObject({
        code: 'HOLDFAST_INSIDE_TRANSACTION',
      });
      await runner.rollbackTransaction();
    });
  });

  it('lets readers and writers work, and tries again while another schema change holds the index', async () => {
    const holder = scratch.dataSource.createQueryRunner();
    const timeouts: string[] = [];
    attachRun(runner, {
      report: (event) => {
        if (event.type === 'lock-timeout') timeouts.push(event.name);
      },
      lockTimeoutMs: 50,
    });
    try {
      await holder.startTransaction();
      await holder.query(`insert into people values (1, 'a@example.org')`);
      await holder.query('select email from people order by email');
      // Nobody waits for either.
      await renameIndex(runner, EMAIL);
      expect(timeouts).toEqual([]);

      await holder.query('comment on index people_email is null');
      const back = renameIndex(runner, { table: 'people', from: EMAIL.to, to: EMAIL.from });
      await waitFor(() => timeouts.length > 0);
      await holder.commitTransaction();
      await back;
      expect(Object.keys(await readOids())).toEqual(['people_mail']);
    } finally {
      if (holder.isTransactionActive) await holder.rollbackTransaction();
      await holder.release();
    }
  });
});
