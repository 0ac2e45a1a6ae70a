import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ensureIndex } from '../migration/ensure-index';
import { openScratch, type Scratch } from '../test/scratch';
import { type MigrateEvent, migrate } from './migrate';
import { renderMigrateEvent } from './render-event';

class CreateItems1700000000000 implements MigrationInterface {
  readonly name = 'CreateItems1700000000000';
  readonly transaction = true;
  async up(runner: QueryRunner) {
    await runner.query('create table items (id integer)');
    await runner.query('insert into items values (1)');
  }
  async down(runner: QueryRunner) {
    await runner.query('drop table items');
  }
}

class IndexItems1700000000001 implements MigrationInterface {
  readonly name = 'IndexItems1700000000001';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await ensureIndex(runner, { table: 'items', name: 'idx_items_id', keys: ['"id"'] });
  }
  async down() {}
}

class Fails1700000000002 implements MigrationInterface {
  readonly name = 'Fails1700000000002';
  readonly transaction = true;
  async up(runner: QueryRunner) {
    await runner.query('insert into items values (2)');
    await runner.query('insert into nowhere values (1)');
  }
  async down() {}
}

const GOOD = [CreateItems1700000000000, IndexItems1700000000001];

describe('migrate', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
  });

  afterEach(() => scratch.close());

  const count = async (table: string) =>
    (await scratch.dataSource.query(`select count(*)::integer as n from ${table}`))[0].n as number;

  it('applies what is pending, says each step, and finds nothing to do the second time', async () => {
    const dataSource = await scratch.open({ migrations: GOOD });
    const events: MigrateEvent[] = [];
    await expect(migrate(dataSource, { report: (event) => events.push(event) })).resolves.toHaveLength(2);
    expect(events.map(({ type }) => type)).toEqual(['started', 'applied', 'started', 'step', 'applied']);
    expect(events.map(renderMigrateEvent).join('\n')).toMatch(
      /^\[1\/2] CreateItems1700000000000\n {6}applied in \d+ ms\n\[2\/2] .*\n {6}build index {6}idx_items_id {2}\d+ ms\n/,
    );
    await expect(migrate(dataSource)).resolves.toEqual([]);
    expect(await count('migrations')).toBe(2);
  });

  it('applies each migration once when twelve runners start together', async () => {
    const runners = await Promise.all(Array.from({ length: 12 }, () => scratch.open({ migrations: GOOD })));
    const applied = await Promise.all(runners.map((dataSource) => migrate(dataSource)));
    expect(applied.filter((names) => names.length > 0)).toEqual([GOOD.map(({ name }) => name)]);
    expect(await count('items')).toBe(1);
    expect(await count('migrations')).toBe(2);
  });

  it('undoes a migration that fails, keeps those before it, and names it', async () => {
    const dataSource = await scratch.open({ migrations: [...GOOD, Fails1700000000002] });
    await expect(migrate(dataSource)).rejects.toMatchObject({
      code: 'HOLDFAST_MIGRATION_FAILED',
      migration: 'Fails1700000000002',
      message: expect.stringContaining('relation "nowhere" does not exist'),
    });
    expect(await count('items')).toBe(1);
    expect(await count('migrations')).toBe(2);
  });

  it('says who holds the lock while it waits, and stops waiting when told to', async () => {
    const holder = scratch.dataSource.createQueryRunner();
    await holder.query('select pg_advisory_lock($1, $2)', [0x686f6c64, 0x66617374]);
    const abort = new AbortController();
    const events: MigrateEvent[] = [];
    const dataSource = await scratch.open({ migrations: GOOD });
    const waiting = migrate(dataSource, {
      signal: abort.signal,
      report: (event) => {
        events.push(event);
        abort.abort();
      },
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(events).toMatchObject([{ type: 'waiting', holder: { pid: expect.any(Number) } }]);
    await holder.query('select pg_advisory_unlock_all()');
    await holder.release();
    await expect(migrate(dataSource)).resolves.toHaveLength(2);
  });
});
