import type { MigrationInterface, QueryRunner } from 'typeorm';
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

  it('which would do it in earnest', async () => {
    const { dataSource } = await planOf((runner) => runner.dataSource.query('drop table pens'));
    await migrate(dataSource);
    expect(await isThere()).toBe(false);
  });
});
