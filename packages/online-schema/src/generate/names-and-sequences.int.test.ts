import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { QueryRunner } from 'typeorm';
import { EntitySchema } from 'typeorm';
import { planChanges } from '../plan/plan-changes';
import { migrate } from '../run/migrate';
import { makeMigrationsFolder } from '../test/migrations-folder';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { generate } from './generate';

const thing = (columns: object, indices: object[] = []) =>
  new EntitySchema<object>({
    name: 'Thing',
    tableName: 'things',
    columns: columns as never,
    indices: indices as never,
  });

describe('a generated migration of names and sequences', () => {
  let scratch: Scratch;
  let directory: string;
  beforeEach(async () => {
    scratch = await openScratch();
    directory = makeMigrationsFolder();
  });
  afterEach(async () => {
    await scratch.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('gets through where nobody has made the index by hand that it renames', async () => {
    await using other = {
      ...(await openScratch()),
      async [Symbol.asyncDispose]() {
        await this.close();
      },
    };
    const entities = [
      thing({ id: { type: 'integer', primary: true }, a: { type: 'integer' } }, [
        { name: 'things_a', columns: ['a'] },
      ]),
    ];
    const table = 'create table things (id integer primary key, a integer not null)';
    await scratch.dataSource.query(`${table}; create index made_by_hand on things (a)`);
    await other.dataSource.query(table);
    await generate(await scratch.open({ entities }), { name: 'change', directory });
    const fresh = await other.open({ entities, migrations: [join(directory, '*.ts')] });
    await migrate(fresh);
    expect((await planChanges(fresh)).steps).toEqual([]);
  });

  it.each(['up', 'down'])(
    'a writer is not the victim of a deadlock with the change of its sequence, %s',
    async (direction) => {
      const entities = [
        thing({ id: { type: 'bigint', primary: true, generated: 'increment' }, a: { type: 'integer' } }),
      ];
      await scratch.dataSource.query(
        'create table things (id serial primary key, a integer not null); insert into things (a) values (1)',
      );
      await generate(await scratch.open({ entities }), { name: 'change', directory, allow: ['change-type'] });
      const target = await scratch.open({ entities, migrations: [join(directory, '*.ts')] });
      if (direction === 'down') await migrate(target);
      const run = async () => {
        const runner: QueryRunner = target.createQueryRunner();
        try {
          await runner.startTransaction();
          await target.migrations[0]?.[direction as 'up'](runner);
          await runner.commitTransaction();
        } finally {
          if (runner.isTransactionActive) await runner.rollbackTransaction();
          await runner.release();
        }
      };
      const writer = scratch.dataSource.createQueryRunner();
      try {
        await writer.startTransaction();
        await writer.query('update things set a = a + 1');
        const running = run().then(
          () => undefined,
          (error: Error) => error,
        );
        // The session that waits first looks for a deadlock once, after deadlock_timeout; whoever closes the circle later is the victim.
        await waitFor(async () => {
          const rows = await scratch.dataSource.query(
            `select 1 from pg_locks where not granted and clock_timestamp() > waitstart + interval '1.2 s' and relation = 'things'::regclass`,
          );
          return rows.length > 0;
        });
        await writer.query('insert into things (a) values (2)');
        await writer.commitTransaction();
        expect(await running).toBeUndefined();
      } finally {
        if (writer.isTransactionActive) await writer.rollbackTransaction();
        await writer.release();
      }
    },
    20_000,
  );

  it('a column with the default of a shared sequence that becomes a serial one has a default afterwards', async () => {
    const entities = [thing({ id: { type: 'integer', primary: true, generated: 'increment' } })];
    await scratch.dataSource.query(
      `create sequence shared; create table things (id integer primary key default nextval('shared'))`,
    );
    const target = await scratch.open({ entities });
    for (const { statements } of (await planChanges(target)).steps)
      for (const one of statements) await target.query(one);
    expect((await planChanges(target)).steps).toEqual([]);
    await target.query('insert into things default values');
  });

  it('a type that the sequence of an identity has outgrown is refused', async () => {
    const entities = [
      thing({
        id: { type: 'integer', primary: true, generated: 'identity', generatedIdentity: 'BY DEFAULT' },
      }),
    ];
    await scratch.dataSource.query(
      `create table things (id bigint generated by default as identity primary key); select setval('things_id_seq', 3000000000)`,
    );
    const { refused } = await planChanges(await scratch.open({ entities }), { allow: ['change-type'] });
    expect(refused).toMatchObject([{ id: 'type-not-convertible' }]);
  });
});
