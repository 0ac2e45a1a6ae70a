import 'reflect-metadata';
import { Column, type DataSource, Entity, PrimaryColumn, type QueryRunner } from 'typeorm';
import { Index } from '../declaration/index-decorator';
import { findDrift } from '../drift/find-drift';
import { CLINIC, Patient, Ward } from '../test/clinic.entities';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { examine } from './examine';
import { runReadOnly } from './run-read-only';

/** Nothing but what is tested would end a statement before the test runs out of time. */
const NO_TIMEOUT = 3_600_000;

/** To compare it on a clone, the server evaluates the predicate, and that takes an hour. */
@Entity({ name: 'wards' })
@Index('idx_wards_slow', ['id'], { where: 'slow() = 1' })
class SlowWard {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
}

@Entity({ name: 'wards' })
class WiderWard {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ type: 'text' })
  name!: string;
}

describe('a doctor who has to wait', () => {
  let scratch: Scratch;
  let holder: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    for (const statement of CLINIC) await scratch.dataSource.query(statement);
    await scratch.dataSource.query(
      `create function slow() returns integer immutable language plpgsql
       as 'begin perform pg_sleep(3600); return 1; end'`,
    );
    holder = scratch.dataSource.createQueryRunner();
    await holder.startTransaction();
  });

  afterEach(async () => {
    await holder.rollbackTransaction();
    await holder.release();
    await scratch.close();
  });

  const count = async (condition: string) => {
    const rows: { count: number }[] = await scratch.dataSource.query(
      `select count(*)::integer as count from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
    );
    return rows[0]?.count ?? 0;
  };
  const waiting = () => count(`wait_event_type = 'Lock'`);
  const sleeping = () => count(`wait_event = 'PgSleep'`);

  it('ends while somebody has a table locked, and says what it did not see, and why', async () => {
    await holder.query('lock table patients in access exclusive mode');
    const dataSource = await scratch.open({ entities: [Patient, Ward] });
    // The control: what waits without a limit is still waiting when the examination has ended.
    const size = scratch.dataSource.query(`select pg_table_size('patients')`).catch(() => undefined);
    await waitFor(async () => (await waiting()) === 1);
    const report = await examine(dataSource, { timeoutMs: NO_TIMEOUT });
    expect(await waiting()).toBe(1);
    const [{ pid } = { pid: 0 }]: { pid: number }[] = await holder.query('select pg_backend_pid() as pid');
    const reason =
      /^Nothing of this was looked at: it got no lock within (1|0\.1) s\. Locked even for readers, or about to be: public\.patients \(pid (\d+)\); look again when that has ended\.$/;
    const lockedOut = report.unseen.filter(({ message }) => reason.test(message));
    expect(lockedOut.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['duplicate-index', 'foreign-key-without-index', 'never-analysed', 'drift']),
    );
    expect(lockedOut.map(({ message }) => message.match(reason)?.[2])).toEqual(
      lockedOut.map(() => String(pid)),
    );
    // Who has waited for the whole second once does not do so again and again.
    expect(lockedOut.map(({ message }) => message.match(reason)?.[1])).toEqual(
      lockedOut.map((_, at) => (at === 0 ? '1' : '0.1')),
    );
    const completed = report.checks.filter((check) => check.completed).map(({ id }) => id);
    expect(completed).toEqual(expect.arrayContaining(['invalid-index', 'sequence-exhaustion']));
    expect(report).toMatchObject({ findings: [], stale: [], overview: null });
    await holder.rollbackTransaction();
    await holder.startTransaction();
    expect(await size).toHaveLength(1);
    const seen = await examine(dataSource, { timeoutMs: NO_TIMEOUT });
    expect(seen.findings).not.toEqual([]);
    expect(seen.unseen.filter(({ message }) => reason.test(message))).toEqual([]);
  });

  it('gives the statements of the check for drift their time, too', async () => {
    const dataSource = await scratch.open({ entities: [SlowWard], poolSize: 1 });
    // The control: by itself, it would take an hour.
    const alone = findDrift(dataSource).catch((error: Error) => error.message);
    await waitFor(async () => (await sleeping()) === 1);
    await scratch.dataSource.query(
      `select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
    );
    expect(await alone).toMatch('user request');
    const report = await examine(dataSource, { only: ['drift'], timeoutMs: 200 });
    expect(report.unseen).toEqual([
      {
        check: 'drift',
        message: 'Nothing of this was looked at: it took longer than the 0.2 s that one statement has.',
      },
    ]);
  });

  it('leaves the sessions that it looks for drift with as they were', async () => {
    const dataSource = await scratch.open({ entities: [WiderWard], poolSize: 1 });
    await dataSource.query(`set statement_timeout = '7s'`);
    await dataSource.query(`set lock_timeout = '6s'`);
    expect((await examine(dataSource, { only: ['drift'] })).findings).not.toEqual([]);
    await expect(dataSource.query('show statement_timeout')).resolves.toEqual([{ statement_timeout: '7s' }]);
    await expect(dataSource.query('show lock_timeout')).resolves.toEqual([{ lock_timeout: '6s' }]);
  });

  it.each<[string, (dataSource: DataSource, signal: AbortSignal) => Promise<unknown>]>([
    [
      'a check',
      (dataSource, signal) => {
        const runner = dataSource.createQueryRunner();
        const limits = { timeoutMs: NO_TIMEOUT, lockTimeoutMs: NO_TIMEOUT, signal };
        return runReadOnly(runner, limits, () => runner.query('select pg_sleep(3600)')).finally(() =>
          runner.release(),
        );
      },
    ],
    [
      'the check for drift',
      (dataSource, signal) => examine(dataSource, { only: ['drift'], timeoutMs: NO_TIMEOUT, signal }),
    ],
  ])('ends %s when asked to, in a pool without a second connection', async (_, look) => {
    const dataSource = await scratch.open({ entities: [SlowWard], poolSize: 1 });
    const controller = new AbortController();
    const failure = expect(look(dataSource, controller.signal)).rejects.toThrow(/stop|user request/);
    await waitFor(async () => (await sleeping()) === 1);
    controller.abort(new Error('stop'));
    await failure;
    expect(await sleeping()).toBe(0);
    // Neither in a transaction that failed nor cancelled late.
    await expect(dataSource.query('select 1 as one')).resolves.toEqual([{ one: 1 }]);
    await expect(dataSource.query('show statement_timeout')).resolves.toEqual([{ statement_timeout: '0' }]);
  });
});
