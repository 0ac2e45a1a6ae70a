import { openTemporaryServer } from '@holdfast/local-postgres';
import { migrate } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../create-data-source';
import { type OpenDatabase, openDatabase } from '../test/open-database';

const SNAPSHOT = `
  select 'policy ' || polrelid::regclass || ' ' || polname || ' ' || coalesce(pg_get_expr(polqual, polrelid), '')
    || ' ' || coalesce(pg_get_expr(polwithcheck, polrelid), '') as what from pg_policy
  union all select 'function ' || pg_get_functiondef(oid) || coalesce(proacl::text, '') from pg_proc
    where pronamespace in (select oid from pg_namespace where nspname = 'tenancy')
  union all select 'table ' || relname || relrowsecurity || coalesce((select array_agg(a::text order by a::text) from unnest(relacl) as a)::text, '')
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')
  union all select 'column ' || attrelid::regclass || attname || attacl::text from pg_attribute where attacl is not null
    and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
  union all select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
  order by 1`;

const NAME = 'Tenancy1795445591600';

describe('the migration of tenancy', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    // The roles are there already: another database of the server has them, from the template on.
    database = await openDatabase();
  });

  afterAll(() => database?.close());

  const read = async (dataSource: DataSource): Promise<string[]> =>
    (await dataSource.query<{ what: string }[]>(SNAPSHOT)).map(({ what }) => what);

  it('leaves nothing behind when it is taken back, and comes to the same when it is done again', async () => {
    const { dataSource } = database;
    const before = await read(dataSource);
    expect(before.filter((what) => what.startsWith('policy')).length).toBeGreaterThan(20);
    // What came after it, with policies of its own, is taken back first.
    const since = dataSource.migrations.length - dataSource.migrations.findIndex(({ name }) => name === NAME);
    for (let n = 0; n < since; n += 1) await dataSource.undoLastMigration({ transaction: 'none' });
    const without = await read(dataSource);
    expect(without.filter((what) => /^(policy|function|column|trigger)/.test(what))).toEqual([]);
    expect(without.filter((what) => /holdfast_(app|worker|read)/.test(what))).toEqual([]);
    await expect(
      dataSource.query(`select count(*) from pg_roles where rolname like 'holdfast\\_%'`),
    ).resolves.toEqual([{ count: expect.stringMatching(/^[3-9]/) }]);
    await migrate(dataSource);
    expect(await read(dataSource)).toEqual(before);
  });

  it('is done in several databases of a server at once, where none of them has the roles first', async () => {
    await using server = await openTemporaryServer();
    const connect = async (name: string) => {
      const url = new URL(server.url);
      url.pathname = name;
      return createDataSource('test', { DATABASE_URL: url.href }).initialize();
    };
    const admin = await connect('postgres');
    const names = ['one', 'two', 'three'];
    for (const name of names) await admin.query(`create database ${name}`);
    await admin.destroy();
    const expected = await read(database.dataSource);
    await Promise.all(
      names.map(async (name) => {
        const dataSource = await connect(name);
        try {
          await migrate(dataSource);
          expect(await read(dataSource)).toEqual(expected);
        } finally {
          await dataSource.destroy();
        }
      }),
    );
  });
});
