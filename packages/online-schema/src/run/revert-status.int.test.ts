import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { planMigrate, planRevert } from './dry-run';
import { migrate } from './migrate';
import { revert } from './revert';
import type { RunEvent } from './run-event';
import { readStatus } from './status';

const INDEX = { table: 'cups', name: 'idx_cups_id', keys: ['"id"'] };

class CreateCups1700000000000 implements MigrationInterface {
  readonly name = 'CreateCups1700000000000';
  readonly transaction = true;
  async up(runner: QueryRunner) {
    await runner.query('create table cups (id integer)');
  }
  async down(runner: QueryRunner) {
    await runner.query('drop table cups');
  }
}

class IndexCups1700000000001 implements MigrationInterface {
  readonly name = 'IndexCups1700000000001';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await ensureIndex(runner, INDEX);
  }
  async down(runner: QueryRunner) {
    await dropIndex(runner, INDEX);
  }
}

class FillCups1700000000002 implements MigrationInterface {
  readonly name = 'FillCups1700000000002';
  readonly transaction = true;
  async up(runner: QueryRunner) {
    const [{ count }] = await runner.query('select count(*)::integer as count from cups');
    await runner.query('insert into cups values ($1)', [count]);
    await runner.query('with gone as (delete from cups where id < 0 returning id) select count(*) from gone');
    await runner.query('lock table cups in access exclusive mode');
  }
  async down(runner: QueryRunner) {
    await runner.query('delete from cups');
    await runner.query('select failing');
  }
}

const ALL = [CreateCups1700000000000, IndexCups1700000000001, FillCups1700000000002];
const NAMES = ALL.map(({ name }) => name.replace(/^class /, ''));

describe('beside migrate', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  let events: RunEvent[];
  const report = (event: RunEvent) => void events.push(event);

  beforeEach(async () => {
    events = [];
    scratch = await openScratch();
    dataSource = await scratch.open({ migrations: ALL });
  });

  afterEach(() => scratch.close());

  const ledger = async () =>
    (await scratch.dataSource.query('select name from migrations order by id')).map(
      ({ name }: { name: string }) => name,
    );
  /** Everything that any statement of the migrations would change. */
  const state = () =>
    scratch.dataSource.query(
      `select (select json_agg(c order by c.oid) from (select oid, relname, relfilenode from pg_class) c) as classes,
         (select json_agg(i order by i.indexrelid) from (select indexrelid, indisvalid from pg_index) i) as indexes`,
    );

  describe('revert', () => {
    const [first, second, third] = NAMES as [string, string, string];

    it('takes back the last migration, and says so before', async () => {
      await migrate(await scratch.open({ migrations: ALL.slice(0, 2) }));
      await expect(revert(dataSource, { report })).resolves.toEqual([second]);
      expect(events[0]).toEqual({ type: 'pending', direction: 'down', names: [second] });
      expect(events.map(({ type }) => type).at(-1)).toBe('reverted');
      expect(await ledger()).toEqual([first]);
      expect(await scratch.dataSource.query(`select to_regclass('idx_cups_id') as index`)).toEqual([
        { index: null },
      ]);
    });

    it('takes back as many as asked for, down to a name, and no more than there are', async () => {
      const two = await scratch.open({ migrations: ALL.slice(0, 2) });
      await migrate(two);
      await expect(revert(two, { to: second })).resolves.toEqual([]);
      await expect(revert(two, { to: first })).resolves.toEqual([second]);
      await migrate(two);
      await expect(revert(two, { steps: 2 })).resolves.toEqual([second, first]);
      await expect(revert(two, { steps: 5 })).resolves.toEqual([]);
    });

    it('undoes a transactional revert that fails, together with its entry', async () => {
      await migrate(dataSource);
      await expect(revert(dataSource)).rejects.toMatchObject({
        code: 'HOLDFAST_MIGRATION_FAILED',
        migration: third,
      });
      expect(await ledger()).toEqual(NAMES);
      expect(await scratch.dataSource.query('select * from cups')).toHaveLength(1);
    });

    it('reverts nothing at all when one of them is not in this build, or the name is not known', async () => {
      await migrate(dataSource);
      const older = await scratch.open({ migrations: [ALL[0] as never, ALL[2] as never] });
      await expect(revert(older, { steps: 2 })).rejects.toMatchObject({
        code: 'HOLDFAST_MIGRATION_UNKNOWN',
        migration: second,
      });
      await expect(revert(dataSource, { to: 'Nonesuch1700000000000' })).rejects.toMatchObject({
        code: 'HOLDFAST_MIGRATION_UNKNOWN',
      });
      expect(await ledger()).toEqual(NAMES);
    });

    it.each([[{ steps: 0 }], [{ steps: 1.5 }], [{ steps: 1, to: 'a' }]])('refuses %j', async (options) => {
      await expect(revert(dataSource, options)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    });

    it('takes turns with a run that is under way', async () => {
      const holder = scratch.dataSource.createQueryRunner();
      await holder.query('select pg_advisory_lock($1, $2)', [0x686f6c64, 0x66617374]);
      const reverted = revert(dataSource, { report });
      await waitFor(() => events.some(({ type }) => type === 'waiting'));
      await holder.query('select pg_advisory_unlock_all()');
      await holder.release();
      await expect(reverted).resolves.toEqual([]);
    });
  });

  describe('status', () => {
    it('knows what is applied, pending and not in this build, and writes nothing', async () => {
      const before = await state();
      const pending = NAMES.map((name) => ({ name, state: 'pending', appliedAt: null }));
      await expect(readStatus(dataSource)).resolves.toEqual({ migrations: pending, run: null });
      expect(await state()).toEqual(before);

      await migrate(await scratch.open({ migrations: ALL.slice(0, 2) }));
      const other = await scratch.open({ migrations: ALL.slice(1) });
      const { migrations } = await readStatus(other);
      expect(migrations.map(({ name, state: where }) => `${where} ${name}`)).toEqual([
        `unknown ${NAMES[0]}`,
        `applied ${NAMES[1]}`,
        `pending ${NAMES[2]}`,
      ]);
    });

    it('says who runs at the moment, what it does and how far it has come', async () => {
      await migrate(await scratch.open({ migrations: ALL.slice(0, 1) }));
      await scratch.dataSource.query('create table unrelated (id integer)');
      const reader = scratch.dataSource.createQueryRunner();
      await reader.startTransaction('REPEATABLE READ');
      await reader.query('select * from unrelated');
      const running = migrate(dataSource);
      await waitFor(
        async () =>
          (await readStatus(scratch.dataSource)).run?.progress?.phase === 'waiting for old snapshots',
      );
      const { run } = await readStatus(scratch.dataSource);
      await reader.commitTransaction();
      await reader.release();
      await running;
      expect(run).toMatchObject({
        application: 'holdfast migrate',
        user: 'holdfast',
        state: 'active',
        since: expect.any(Date),
        query: expect.stringMatching(/^CREATE INDEX CONCURRENTLY "idx_cups_id"/),
      });
    });
  });

  describe('a dry run', () => {
    it('says every statement of every pending migration, and writes nothing', async () => {
      const before = await state();
      const { migrations } = await planMigrate(dataSource);
      expect(
        migrations.map(({ name, transaction, statements }) => ({ name, transaction, statements })),
      ).toEqual([
        { name: NAMES[0], transaction: true, statements: ['create table cups (id integer)'] },
        {
          name: NAMES[1],
          transaction: false,
          statements: ['CREATE INDEX CONCURRENTLY "idx_cups_id" ON "cups" USING btree ("id")'],
        },
        { name: NAMES[2], transaction: true, statements: [] },
      ]);
      expect(migrations[2]?.notes).toEqual([
        expect.stringMatching(
          /^what follows depends on what comes before it and cannot be told: .*"cups" does not exist$/,
        ),
      ]);
      expect(await state()).toEqual(before);
    });

    it('reads what is there, and lets the server tell reading from writing', async () => {
      await migrate(await scratch.open({ migrations: ALL.slice(0, 2) }));
      const before = await state();
      const { migrations } = await planMigrate(dataSource);
      expect(migrations).toEqual([
        {
          name: NAMES[2],
          transaction: true,
          statements: [
            'insert into cups values ($1)',
            'with gone as (delete from cups where id < 0 returning id) select count(*) from gone',
            'lock table cups in access exclusive mode',
          ],
          notes: [],
        },
      ]);
      expect(await state()).toEqual(before);
      expect(await scratch.dataSource.query('select * from cups')).toEqual([]);
    });

    it('of a revert says what would be dropped', async () => {
      await migrate(await scratch.open({ migrations: ALL.slice(0, 2) }));
      await expect(planRevert(dataSource, { steps: 2 })).resolves.toEqual({
        direction: 'down',
        migrations: [
          {
            name: NAMES[1],
            transaction: false,
            statements: ['DROP INDEX CONCURRENTLY "public"."idx_cups_id"'],
            notes: [],
          },
          { name: NAMES[0], transaction: true, statements: ['drop table cups'], notes: [] },
        ],
      });
      expect(await ledger()).toHaveLength(2);
    });

    it.each([
      ['as it is', '"id"', []],
      ['of another definition', '"id" DESC', [/^CREATE INDEX/, /RENAME TO/, /RENAME TO/, /^DROP INDEX/]],
    ])('compares an index that exists %s', async (_, key, expected) => {
      await scratch.dataSource.query('create table cups (id integer)');
      await scratch.dataSource.query('create index idx_cups_id on cups (id)');
      const before = await state();
      const changed = class IndexCups1700000000001 implements MigrationInterface {
        readonly name = 'IndexCups1700000000001';
        readonly transaction = false;
        async up(runner: QueryRunner) {
          await ensureIndex(runner, { ...INDEX, keys: [key] });
        }
        async down() {}
      };
      const { migrations } = await planMigrate(await scratch.open({ migrations: [changed] }));
      expect(migrations[0]?.statements).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
      expect(await state()).toEqual(before);
    });

    it('needs no right to write', async () => {
      await migrate(await scratch.open({ migrations: ALL.slice(0, 2) }));
      const [{ database }] = await scratch.dataSource.query('select current_database() as database');
      const role = `reader_of_${database}`;
      await scratch.dataSource.query(`create role ${role} login password 'reader'`);
      await scratch.dataSource.query(`alter role ${role} set default_transaction_read_only = on`);
      await scratch.dataSource.query(`revoke temporary on database ${database} from public`);
      await scratch.dataSource.query(`grant select on cups, migrations to ${role}`);
      const url = new URL(scratch.url);
      url.username = role;
      url.password = 'reader';
      try {
        const reading = await scratch.open({ migrations: ALL, url: url.href });
        await expect(migrate(reading)).rejects.toThrow();
        const { migrations } = await planMigrate(reading);
        expect(migrations[0]?.statements).toHaveLength(3);
        await expect(planRevert(reading)).resolves.toMatchObject({
          migrations: [{ statements: ['DROP INDEX CONCURRENTLY "public"."idx_cups_id"'] }],
        });
        await reading.destroy();
      } finally {
        await scratch.dataSource.query(`drop owned by ${role}`);
        await scratch.dataSource.query(`drop role ${role}`);
      }
    });
  });
});
