import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { migrate } from './migrate';
import type { RunEvent } from './run-event';
import { createRunLog } from './run-log';

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

class Fails1700000000006 implements MigrationInterface {
  readonly name = 'Fails1700000000006';
  readonly transaction = true;
  async up(runner: QueryRunner) {
    await runner.query('insert into items values (2)');
    await runner.query('insert into nowhere values (1)');
  }
  async down() {}
}

class DropsIndex1700000000005 implements MigrationInterface {
  readonly name = 'DropsIndex1700000000005';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await dropIndex(runner, { table: 'items', name: 'idx_items_id' });
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
    const events: RunEvent[] = [];
    await expect(migrate(dataSource, { report: (event) => events.push(event) })).resolves.toHaveLength(2);
    expect(events.map(({ type }) => type)).toEqual([
      'pending',
      'started',
      'applied',
      'started',
      'step-started',
      'step',
      'applied',
    ]);
    expect(events.find(({ type }) => type === 'step-started')).toEqual({
      type: 'step-started',
      action: 'build index',
      name: 'idx_items_id',
      statement: 'CREATE INDEX CONCURRENTLY "idx_items_id" ON "public"."items" USING btree ("id")',
      lock: {
        mode: 'ShareUpdateExclusiveLock',
        relation: 'public.items',
        blocks: 'schema changes',
        held: 'a build',
      },
    });
    const lines: string[] = [];
    events.forEach(createRunLog((line) => lines.push(line)));
    expect(`${lines.join('\n')}\n`).toMatch(
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
    const dataSource = await scratch.open({ migrations: [...GOOD, Fails1700000000006] });
    await expect(migrate(dataSource)).rejects.toMatchObject({
      code: 'HOLDFAST_MIGRATION_FAILED',
      migration: 'Fails1700000000006',
      message: expect.stringContaining('relation "nowhere" does not exist'),
    });
    expect(await count('items')).toBe(1);
    expect(await count('migrations')).toBe(2);
  });

  it('says who holds the lock while it waits, and stops waiting when told to', async () => {
    const holder = scratch.dataSource.createQueryRunner();
    await holder.query('select pg_advisory_lock($1, $2)', [0x686f6c64, 0x66617374]);
    const abort = new AbortController();
    const events: RunEvent[] = [];
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

  it.each([true, false])(
    'enters what is done, even when it is stopped just then (transaction: %s)',
    async (transaction) => {
      const abort = new AbortController();
      const last = class Last1700000000003 implements MigrationInterface {
        readonly name = 'Last1700000000003';
        readonly transaction = transaction;
        async up(runner: QueryRunner) {
          await runner.query('create table last (id integer)');
          abort.abort();
        }
        async down() {}
      };
      const dataSource = await scratch.open({ migrations: [last, DropsIndex1700000000005] });
      const stopped = migrate(dataSource, { signal: abort.signal });
      await expect(stopped).rejects.toMatchObject({ code: 'HOLDFAST_STOPPED' });
      const [{ made }] = await scratch.dataSource.query(`select to_regclass('last') is not null as made`);
      const ledger = await scratch.dataSource.query(
        `select 1 from pg_class where relname = 'migrations' and relkind = 'r'`,
      );
      expect(made).toBe(!transaction);
      expect(ledger.length === 1 && (await count('migrations')) === 1).toBe(made);
    },
  );

  it('cancels a statement of a transaction as well, and undoes it', async () => {
    const abort = new AbortController();
    const slow = class Slow1700000000004 implements MigrationInterface {
      readonly name = 'Slow1700000000004';
      readonly transaction = true;
      async up(runner: QueryRunner) {
        await runner.query('create table slow (id integer)');
        await runner.query('select pg_sleep(600)');
      }
      async down() {}
    };
    const dataSource = await scratch.open({ migrations: [...GOOD, slow] });
    const stopped = migrate(dataSource, { signal: abort.signal });
    const isSleeping = `select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`;
    void waitFor(async () => (await scratch.dataSource.query(isSleeping)).length > 0).then(() =>
      abort.abort(),
    );
    await expect(stopped).rejects.toMatchObject({
      name: 'AbortError',
      code: 'HOLDFAST_STOPPED',
      done: GOOD.map(({ name }) => name),
      left: ['Slow1700000000004'],
    });
    expect(await scratch.dataSource.query(`select to_regclass('slow') as made`)).toEqual([{ made: null }]);
    expect(await count('migrations')).toBe(2);
  });

  it('lets a drop come to its end when it is stopped, which half-way leaves an invalid index', async () => {
    const control = scratch.dataSource.createQueryRunner();
    const reader = scratch.dataSource.createQueryRunner();
    const isDropping = async () =>
      (
        await scratch.dataSource.query(
          `select 1 from pg_stat_activity where query like 'DROP INDEX%' and wait_event_type = 'Lock' and datname = current_database()`,
        )
      ).length > 0;
    const find = () =>
      scratch.dataSource.query(`select indisvalid from pg_index where indrelid = 'items'::regclass`);
    const read = async () => {
      await reader.startTransaction();
      await reader.query('select * from items');
    };
    const dataSource = await scratch.open({ migrations: GOOD });
    try {
      await migrate(dataSource);
      await read();
      const [{ pid }] = await control.query('select pg_backend_pid() as pid');
      const dropped = control.query('DROP INDEX CONCURRENTLY idx_items_id').catch(({ code }) => code);
      await waitFor(isDropping);
      await scratch.dataSource.query('select pg_cancel_backend($1)', [pid]);
      expect(await dropped).toBe('57014');
      expect(await find()).toEqual([{ indisvalid: false }]);
      await reader.commitTransaction();
      await migrate(await scratch.open({ migrations: [DropsIndex1700000000005] }));
      expect(await find()).toEqual([]);
      await scratch.dataSource.query('create index idx_items_id on items (id)');
      await scratch.dataSource.query(`delete from migrations where name = 'DropsIndex1700000000005'`);

      const abort = new AbortController();
      const notices: string[] = [];
      await read();
      const stopped = migrate(
        await scratch.open({ migrations: [DropsIndex1700000000005, Fails1700000000006] }),
        {
          signal: abort.signal,
          report: (event) => event.type === 'notice' && notices.push(event.message),
        },
      );
      await waitFor(isDropping);
      abort.abort();
      await waitFor(() => notices.length > 0);
      await reader.commitTransaction();
      await expect(stopped).rejects.toMatchObject({
        code: 'HOLDFAST_STOPPED',
        done: ['DropsIndex1700000000005'],
        left: ['Fails1700000000006'],
      });
      expect(notices).toEqual(['finishing what would leave remains half-way; once more ends at once']);
      expect(await find()).toEqual([]);
    } finally {
      await control.release();
      await reader.release();
    }
  });
});
