import { InvalidOptionError } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Accept } from '../declaration/accept-decorator';
import { beforeStatements } from '../test/before-statements';
import { CLINIC, Patient, Ward } from '../test/clinic.entities';
import { objectsOf } from '../test/examine-only';
import { openScratch, type Scratch } from '../test/scratch';
import { CHECK_IDS } from './check-id';
import { examine } from './examine';
import { runReadOnly } from './run-read-only';

describe('examining a database', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeEach(async () => {
    scratch = await openScratch();
    for (const statement of CLINIC) await scratch.dataSource.query(statement);
    dataSource = await scratch.open({ entities: [Patient, Ward] });
  });

  afterEach(() => scratch.close());

  it('lists findings by severity, and apart from them what is accepted, with the reason', async () => {
    await scratch.dataSource.query(
      `update pg_index set indisvalid = false where indexrelid = 'idx_patients_name'::regclass`,
    );
    const report = await examine(dataSource);
    expect(report.findings.map(({ check, object, severity }) => [severity, check, object])).toEqual([
      ['critical', 'invalid-index', 'public.idx_patients_name'],
      ['warning', 'prefix-redundant', 'public.idx_patients_city'],
      ['warning', 'foreign-key-without-index', 'public.patients (next_ward_id)'],
    ]);
    expect(report.accepted).toMatchObject([
      { object: 'public.idx_patients_seen', reason: 'who was never seen is what the list begins with' },
      { object: 'public.patients (ward_id)', reason: 'wards are never deleted' },
    ]);
    expect(report).toMatchObject({ schemas: ['public'], serverVersion: expect.stringMatching(/^1[78]\./) });
    expect(report.overview?.tables.map(({ name }) => name).sort()).toEqual(['patients', 'wards']);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('reports as stale what is accepted and not found any more', async () => {
    const report = await examine(dataSource);
    expect(report.stale).toEqual([
      { check: 'duplicate-index', object: 'public.idx_patients_name', reason: 'was one once' },
    ]);
    await scratch.dataSource.query('create index another on patients (name)');
    // The undeclared one is the one to drop, so what is accepted is still not it.
    expect((await examine(dataSource)).stale).toHaveLength(1);
  });

  it('calls nothing stale that it did not look for, or could not see', async () => {
    const other = await examine(dataSource, { only: ['invalid-index'] });
    expect(other).toMatchObject({ findings: [], accepted: [], stale: [] });
    await using lock = await lockedTable(scratch.dataSource, 'patients');
    const blocked = await examine(dataSource, { only: ['duplicate-index'], timeoutMs: 200 });
    expect(blocked).toMatchObject({ stale: [], checks: [{ completed: false }] });
    expect(lock.held).toBe(true);
  });

  it('accepts nothing of another column, table, check or index', async () => {
    @Entity({ name: 'patients' })
    @Accept('foreign-key-without-index', { reason: 'the table, not a column' })
    @Accept('missing-index', { property: 'nextWard', reason: 'another check' })
    @Accept('foreign-key-without-index', { property: ['ward', 'nextWard'], reason: 'both together' })
    @Accept('prefix-redundant', { name: 'idx_patients_city_name', reason: 'another index' })
    @Accept('prefix-redundant', { name: 'idx_patients_city', reason: 'this one' })
    class Other {
      @PrimaryColumn({ type: 'integer' })
      id!: number;
      @Column({ name: 'ward_id', type: 'integer' })
      ward!: number;
      @Column({ name: 'next_ward_id', type: 'integer' })
      nextWard!: number;
    }
    const strict = await scratch.open({ entities: [Other] });
    const report = await examine(strict, { only: ['foreign-key-without-index', 'prefix-redundant'] });
    expect(objectsOf(report)).toEqual(['public.patients (next_ward_id)', 'public.patients (ward_id)']);
    expect(report.accepted.map(({ reason }) => reason)).toEqual(['this one']);
    expect(report.stale.map(({ object }) => object).sort()).toEqual([
      'public.idx_patients_city_name',
      'public.patients',
      'public.patients (ward_id, next_ward_id)',
    ]);
  });

  it('refuses to accept for a property that the entity does not have', async () => {
    @Entity({ name: 'patients' })
    class Misspelt {
      @PrimaryColumn({ type: 'integer' })
      id!: number;
    }
    const accept = Accept('never-analysed', { property: 'wrad', reason: 'r' }) as (target: unknown) => void;
    accept(Misspelt);
    const misspelt = await scratch.open({ entities: [Misspelt] });
    await expect(examine(misspelt)).rejects.toMatchObject({
      code: 'HOLDFAST_ACCEPT_DECLARATION',
      message: '@Accept "never-analysed" on Misspelt: unknown property "wrad"; allowed are id',
    });
  });

  it('leaves out what is less severe than asked for', async () => {
    const report = await examine(dataSource, { minSeverity: 'critical' });
    expect(report).toMatchObject({ findings: [], accepted: [] });
    expect(report.stale).toHaveLength(1);
    expect(objectsOf(await examine(dataSource, { minSeverity: 'warning' }))).toHaveLength(2);
  });

  it('reports a check that runs out of time as unseen, and goes on with the others', async () => {
    await using lock = await lockedTable(scratch.dataSource, 'patients');
    const report = await examine(dataSource, {
      only: ['invalid-index', 'duplicate-index', 'foreign-key-without-index'],
      timeoutMs: 200,
    });
    expect(report.checks.map(({ id, completed }) => [id, completed])).toEqual([
      ['invalid-index', true],
      ['duplicate-index', false],
      ['foreign-key-without-index', false],
    ]);
    expect(report.unseen[0]).toEqual({
      check: 'duplicate-index',
      message: 'Nothing of this was looked at: it took longer than the 0.2 s that one statement has.',
    });
    expect(report.overview).toBeNull();
    expect(lock.held).toBe(true);
  });

  it('can write nothing, and be talked into nothing', async () => {
    const runner = dataSource.createQueryRunner();
    const attempt = (statement: string) =>
      runReadOnly(runner, { timeoutMs: 1000, lockTimeoutMs: 1000, signal: undefined }, () =>
        runner.query(statement),
      );
    try {
      for (const statement of [
        'insert into wards values (1)',
        'create table written ()',
        'drop index idx_patients_name',
        `comment on table wards is 'written'`,
        'select 1 from wards for update',
      ]) {
        await expect(attempt(statement)).rejects.toThrow('read-only transaction');
        // The control: it is the transaction that refuses it, not the statement that is wrong.
        await runner.startTransaction();
        await expect(runner.query(statement)).resolves.toBeDefined();
        await runner.rollbackTransaction();
      }
      await expect(attempt('set transaction read write')).rejects.toThrow('must be set before any query');
    } finally {
      await runner.release();
    }
  });

  it('works with the plainest of privileges, and says what it could not see', async () => {
    const role = `plain_${process.pid}_${Date.now()}`;
    await scratch.dataSource.query(`create role ${role} login`);
    try {
      const plain = await scratch.open({ entities: [Patient, Ward], poolSize: 1 });
      await plain.query(`set role ${role}`);
      const report = await examine(plain);
      expect(objectsOf(report)).toEqual(
        expect.arrayContaining(['public.idx_patients_city', 'public.patients (next_ward_id)']),
      );
      expect(report.unseen.map(({ check }) => check)).toContain('drift');
    } finally {
      await scratch.dataSource.query(`drop role ${role}`);
    }
  });

  it('needs no more than one connection, whatever it looks for', async () => {
    const narrow = await scratch.open({ entities: [Patient, Ward], poolSize: 1 });
    const report = await examine(narrow);
    expect(report.checks.map(({ id }) => id)).toContain('drift');
    expect(report.findings).toEqual((await examine(dataSource)).findings);
  });

  it('reads the shapes of the indexes once, for whatever number of checks', async () => {
    let readings = 0;
    const counted = beforeStatements(dataSource, async (sql) => {
      if (sql.includes('indnullsnotdistinct') && sql.includes('relpersistence')) readings += 1;
    });
    const report = await examine(counted);
    expect(report.checks.every(({ completed }) => completed || report.unseen.length > 0)).toBe(true);
    expect(report.findings).toEqual((await examine(dataSource)).findings);
    expect(readings).toBe(1);
  });

  it('ends with the reason when asked to, and does not begin when it was before', async () => {
    const controller = new AbortController();
    const listened = beforeStatements(dataSource, async (sql) => {
      if (sql.includes('indnullsnotdistinct')) controller.abort(new Error('stop'));
    });
    await expect(examine(listened, { only: ['duplicate-index'], signal: controller.signal })).rejects.toThrow(
      'stop',
    );
    await expect(examine(dataSource, { signal: controller.signal })).rejects.toThrow('stop');
  });

  it('fails as a whole when the connection is lost, instead of calling the rest unseen', async () => {
    const listened = beforeStatements(dataSource, async (sql, query) => {
      if (sql.includes('indnullsnotdistinct')) await query('select pg_terminate_backend(pg_backend_pid())');
    });
    await expect(examine(listened, { only: ['duplicate-index'] })).rejects.toThrow(
      /terminating connection|Connection terminated/,
    );
  });

  it('refuses an unknown check with the list of those there are, and a time limit out of range', async () => {
    await expect(examine(dataSource, { only: ['invalid-index', 'sunburn'] })).rejects.toMatchObject({
      code: 'HOLDFAST_UNKNOWN_CHECK',
      message: `unknown check "sunburn"; allowed are ${CHECK_IDS.join(', ')}`,
    });
    await expect(examine(dataSource, { timeoutMs: 0 })).rejects.toThrow(InvalidOptionError);
  });

  it('leaves the tables of extensions and of other schemas alone', async () => {
    await scratch.dataSource.query('create schema elsewhere');
    await scratch.dataSource.query('create table elsewhere.t (w integer references wards)');
    await scratch.dataSource.query('create table from_extension (w integer references wards)');
    await scratch.dataSource.query('create extension pg_trgm');
    await scratch.dataSource.query('alter extension pg_trgm add table from_extension');
    const report = await examine(dataSource, { only: ['foreign-key-without-index'] });
    expect(objectsOf(report)).toEqual(['public.patients (next_ward_id)']);
  });
});

interface LockedTable extends AsyncDisposable {
  readonly held: boolean;
}

async function lockedTable(dataSource: DataSource, table: string): Promise<LockedTable> {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query(`lock table ${table} in access exclusive mode`);
  return {
    get held() {
      return runner.isTransactionActive;
    },
    [Symbol.asyncDispose]: async () => {
      await runner.rollbackTransaction();
      await runner.release();
    },
  };
}
