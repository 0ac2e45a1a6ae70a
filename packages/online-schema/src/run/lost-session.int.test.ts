import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { ensureIndex } from '../migration/ensure-index';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { migrate } from './migrate';

const indexOf = (column: string) => ({ table: 'jars', name: `idx_jars_${column}`, keys: [`"${column}"`] });

class IndexJars1700000000000 implements MigrationInterface {
  readonly name = 'IndexJars1700000000000';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await ensureIndex(runner, indexOf('a'));
    await ensureIndex(runner, indexOf('b'));
  }
  async down() {}
}

describe('a run whose connection is lost, and the migration lock with it', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query(
      'create table jars as select n as a, n as b from generate_series(1, 100) n',
    );
    dataSource = await scratch.open({ migrations: [IndexJars1700000000000] });
  });

  afterEach(() => scratch.close());

  const indexes = async () => {
    const runner = scratch.dataSource.createQueryRunner();
    const found = await readIndexes(runner, { tables: ['jars'] });
    await runner.release();
    return found.map(({ name, valid }) => ({ name, valid }));
  };
  const endRun = () =>
    scratch.dataSource.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'holdfast migrate' and datname = current_database()`,
    );
  const whole = [
    { name: 'idx_jars_a', valid: true },
    { name: 'idx_jars_b', valid: true },
  ];

  it('stops between two steps, and begins none without the lock', async () => {
    const endedBetween = class IndexJars1700000000000 implements MigrationInterface {
      readonly name = 'IndexJars1700000000000';
      readonly transaction = false;
      async up(runner: QueryRunner) {
        await ensureIndex(runner, indexOf('a'));
        await endRun();
        await waitFor(() => runner.isReleased);
        await ensureIndex(runner, indexOf('b'));
      }
      async down() {}
    };
    const steps: string[] = [];
    const lost = migrate(await scratch.open({ migrations: [endedBetween] }), {
      report: (event) => event.type === 'step-started' && steps.push(event.name),
    });
    await expect(lost).rejects.toMatchObject({
      code: 'HOLDFAST_MIGRATION_FAILED',
      migration: 'IndexJars1700000000000',
      cause: {
        code: 'HOLDFAST_SESSION_LOST',
        message:
          'the connection that held the migration lock is gone: terminating connection due to administrator command',
      },
    });
    expect(steps).toEqual(['idx_jars_a']);
    expect(await indexes()).toEqual([{ name: 'idx_jars_a', valid: true }]);
    await expect(migrate(dataSource)).resolves.toHaveLength(1);
    expect(await indexes()).toEqual(whole);
  });

  it('stops in the middle of a build, says that something may be left, and the next run clears that away', async () => {
    const reader = scratch.dataSource.createQueryRunner();
    await scratch.dataSource.query('create table unrelated (id integer)');
    await reader.startTransaction('REPEATABLE READ');
    await reader.query('select * from unrelated');
    const lost = migrate(dataSource).catch((error: Error) => error);
    await waitFor(
      async () =>
        (
          await scratch.dataSource.query(
            `select 1 from pg_stat_progress_create_index
             where phase = 'waiting for old snapshots' and datname = current_database()`,
          )
        ).length > 0,
    );
    await endRun();
    expect(await lost).toMatchObject({
      code: 'HOLDFAST_MIGRATION_FAILED',
      message:
        'IndexJars1700000000000: index idx_jars_a on jars was not built: terminating connection due to ' +
        'administrator command; what is left of it the next run clears away',
    });
    expect(await indexes()).toEqual([{ name: 'idx_jars_a', valid: false }]);
    await reader.commitTransaction();
    await reader.release();
    await expect(migrate(dataSource)).resolves.toHaveLength(1);
    expect(await indexes()).toEqual(whole);
  });

  it('names what ended the connection, and not the runner that went with it', async () => {
    let tries = 0;
    const holder = scratch.dataSource.createQueryRunner();
    await holder.query('select pg_advisory_lock($1, $2)', [0x686f6c64, 0x66617374]);
    const lost = migrate(dataSource, {
      report: (event) => {
        if (event.type === 'waiting') tries += 1;
      },
    }).catch((error: Error) => error);
    await waitFor(() => tries > 0);
    await endRun();
    expect(await lost).toMatchObject({
      message: expect.stringMatching(
        /terminating connection due to administrator command|connection that held/,
      ),
    });
    await holder.query('select pg_advisory_unlock_all()');
    await holder.release();
  });
});
