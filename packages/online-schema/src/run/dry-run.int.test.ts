import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ensureIndex } from '../migration/ensure-index';
import type { IndexDefinition } from '../specification/index-definition';
import { openScratch, type Scratch } from '../test/scratch';
import { planMigrate } from './dry-run';
import { migrate } from './migrate';

describe('a dry run of a migration that does not keep to its query runner', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create table pens (id integer)');
  });

  afterEach(() => scratch.close());

  const planOf = async (up: (runner: QueryRunner) => Promise<unknown>) => {
    const migration = class DropPens1700000000000 implements MigrationInterface {
      readonly name = 'DropPens1700000000000';
      readonly transaction = false;
      async up(runner: QueryRunner) {
        await up(runner);
      }
      async down() {}
    };
    const dataSource = await scratch.open({ migrations: [migration] });
    return { dataSource, dryRun: await planMigrate(dataSource) };
  };
  const isThere = async () =>
    (await scratch.dataSource.query(`select to_regclass('pens') as found`))[0].found !== null;

  it.each([
    ['dataSource.query', (runner: QueryRunner) => runner.dataSource.query('drop table pens')],
    [
      'a query runner of its own',
      (runner: QueryRunner) => runner.dataSource.createQueryRunner().query('drop table pens'),
    ],
    [
      'dataSource.transaction',
      (runner: QueryRunner) => runner.dataSource.transaction((manager) => manager.query('drop table pens')),
    ],
  ])('through %s writes nothing, and says that it cannot be told', async (_, up) => {
    const { dataSource, dryRun } = await planOf(up);
    expect(await isThere()).toBe(true);
    expect(dryRun.migrations[0]).toMatchObject({
      statements: [],
      notes: [expect.stringContaining('a connection of its own')],
    });
    await dataSource.query('select 1');
  });

  it('through a COMMIT behind a SELECT in one string writes nothing, and notes the string', async () => {
    const string = 'select 1; commit; drop table pens';
    const { dryRun } = await planOf((runner) => runner.query(string));
    expect(await isThere()).toBe(true);
    expect(dryRun.migrations[0]).toMatchObject({ statements: [string], notes: [] });
  });

  it('needs no more than one connection', async () => {
    const migration = class ReadPens1700000000000 implements MigrationInterface {
      readonly name = 'ReadPens1700000000000';
      readonly transaction = false;
      async up(runner: QueryRunner) {
        await runner.query('select id from pens');
      }
      async down() {}
    };
    const dataSource = await scratch.open({
      migrations: [migration],
      poolSize: 1,
      connectTimeoutMS: 2_000,
    });
    expect((await planMigrate(dataSource)).migrations).toMatchObject([{ statements: [], notes: [] }]);
  });

  it('which would do it in earnest', async () => {
    const { dataSource } = await planOf((runner) => runner.dataSource.query('drop table pens'));
    await migrate(dataSource);
    expect(await isThere()).toBe(false);
  });
});

describe('a dry run of ensureIndex tells, as the run would do it,', () => {
  const PENS = { table: 'pens', name: 'idx_pens_id', keys: ['"id"'] };
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create table pens (id integer not null)');
  });

  afterEach(() => scratch.close());

  const open = (index: IndexDefinition) => {
    const migration = class IndexPens1700000000000 implements MigrationInterface {
      readonly name = 'IndexPens1700000000000';
      readonly transaction = false;
      async up(runner: QueryRunner) {
        await ensureIndex(runner, index);
      }
      async down() {}
    };
    return scratch.open({ migrations: [migration] });
  };
  const planOf = async (index: IndexDefinition) => (await planMigrate(await open(index))).migrations[0];
  const failureOf = async (index: IndexDefinition) =>
    migrate(await open(index)).then(
      () => undefined,
      (error: Error) => error.message,
    );

  it('what a run that was killed has left and is dropped first', async () => {
    await scratch.dataSource.query('create index idx_pens_id_hf_new on pens (id)');
    const plan = await planOf(PENS);
    expect(plan?.statements).toEqual([
      'DROP INDEX CONCURRENTLY "public"."idx_pens_id_hf_new"',
      'CREATE INDEX CONCURRENTLY "idx_pens_id" ON "public"."pens" USING btree ("id")',
    ]);
  });

  it('that the name is taken by another table', async () => {
    await scratch.dataSource.query('create table ink (id integer)');
    await scratch.dataSource.query('create index idx_pens_id on ink (id)');
    const plan = await planOf(PENS);
    const reason = 'index idx_pens_id exists on table ink, not on pens; rename one of them';
    expect(await failureOf(PENS)).toContain(reason);
    expect(plan).toMatchObject({ statements: [], notes: [expect.stringContaining(reason)] });
  });

  it('that it cannot be replaced', async () => {
    await scratch.dataSource.query('create unique index idx_pens_id on pens (id)');
    await scratch.dataSource.query('alter table pens replica identity using index idx_pens_id');
    const plan = await planOf(PENS);
    expect(await failureOf(PENS)).toContain('it is the replica identity of its table');
    expect(plan).toMatchObject({ statements: [], notes: [expect.stringContaining('replica identity')] });
  });

  it('that the name is too long', async () => {
    const long = { ...PENS, name: 'x'.repeat(64) };
    const plan = await planOf(long);
    expect(await failureOf(long)).toContain('cannot have that name');
    expect(plan).toMatchObject({ statements: [], notes: [expect.stringContaining('cannot have that name')] });
  });
});
