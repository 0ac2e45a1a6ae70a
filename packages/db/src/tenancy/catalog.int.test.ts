import type { DataSource } from 'typeorm';
import { type OpenDatabase, openDatabase } from '../test/open-database';

const ROLES = ['holdfast_app', 'holdfast_read', 'holdfast_worker'];

/** The ledger of migrations, in which there is nothing of any tenant. */
const LEDGER = 'migrations';

describe('the catalog after the migration of tenancy', () => {
  let database: OpenDatabase;
  let query: DataSource['query'];

  beforeAll(async () => {
    database = await openDatabase();
    query = database.dataSource.query.bind(database.dataSource);
  });

  afterAll(() => database?.close());

  it('has a policy for every role that is granted anything of a table, and no table without', async () => {
    const rows: { table: string; isSecured: boolean; role: string; isGranted: boolean; policies: number }[] =
      await query(
        `select c.relname as "table", c.relrowsecurity as "isSecured", r.rolname as role,
           has_table_privilege(r.oid, c.oid, 'select, insert, update, delete')
             or has_any_column_privilege(r.oid, c.oid, 'select, insert, update') as "isGranted",
           (
             select count(*)::int from pg_policy p where p.polrelid = c.oid and p.polroles @> array[r.oid]
           ) as policies
         from pg_class c cross join pg_roles r
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f', 'm', 'v')
           and r.rolname = any($1)`,
        [ROLES],
      );
    const tables = rows.filter(({ table }) => table !== LEDGER);
    expect(new Set(tables.map(({ table }) => table)).size).toBeGreaterThanOrEqual(8);
    expect(tables.filter(({ isSecured }) => !isSecured)).toEqual([]);
    expect(tables.filter(({ isGranted, policies }) => isGranted !== policies > 0)).toEqual([]);
    await expect(
      query(
        `select from pg_roles where rolname = any($1) and has_table_privilege(oid, $2, 'insert, update, delete, truncate')`,
        [ROLES, LEDGER],
      ),
    ).resolves.toEqual([]);
  });

  it('plans what is asked with every request once for a session', async () => {
    const rows: { name: string; language: string }[] = await query(
      `select p.proname as name, l.lanname as language
       from pg_proc p join pg_language l on l.oid = p.prolang
       where p.pronamespace = 'tenancy'::regnamespace and p.proname in ('tenant', 'holder', 'identify')
       order by 1`,
    );
    expect(rows.map(({ name, language }) => `${name} ${language}`)).toEqual([
      'holder plpgsql',
      'identify plpgsql',
      'tenant plpgsql',
    ]);
  });

  it('has functions of the owner with a search path of their own, that not everybody may call', async () => {
    const functions: { name: string; settings: string[] | null; isOwners: boolean; isPublic: boolean }[] =
      await query(`
        select p.oid::regprocedure::text as name, p.proconfig as settings, p.prosecdef as "isOwners",
          exists (
            select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0
          ) as "isPublic"
        from pg_proc p
        where p.pronamespace = 'tenancy'::regnamespace
          or p.prosecdef and p.pronamespace = 'public'::regnamespace`);
    expect(functions.length).toBeGreaterThan(15);
    expect(functions.filter(({ isPublic }) => isPublic)).toEqual([]);
    const isFixed = (setting: string) => setting === 'search_path=pg_catalog, pg_temp';
    expect(functions.filter(({ settings }) => !settings?.some(isFixed))).toEqual([]);
    expect(functions.filter(({ isOwners }) => !isOwners).map(({ name }) => name)).toEqual([
      'tenancy.guard_membership()',
    ]);
  });

  it('has roles that own nothing, are members of nothing, and pass no policy', async () => {
    const roles: Record<string, unknown>[] = await query(
      `select rolname as name, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolcanlogin
           as "isMighty",
         (select count(*)::int from pg_class where relowner = r.oid)
           + (select count(*)::int from pg_proc where proowner = r.oid)
           + (select count(*)::int from pg_namespace where nspowner = r.oid) as owned,
         (select count(*)::int from pg_auth_members where member = r.oid) as memberships
       from pg_roles r where rolname = any($1) order by 1`,
      [ROLES],
    );
    expect(roles).toEqual(ROLES.map((name) => ({ name, isMighty: false, owned: 0, memberships: 0 })));
  });

  it('shows the hash of a key to none of them, and lets none create anything', async () => {
    const rights: Record<string, unknown>[] = await query(
      `select rolname as name, has_column_privilege(oid, 'api_keys', 'key_hash', 'select, update') as hash,
         has_schema_privilege(oid, 'public', 'create') or has_schema_privilege(oid, 'tenancy', 'create') as "mayCreate"
       from pg_roles where rolname = any($1) order by 1`,
      [ROLES],
    );
    expect(rights).toEqual(ROLES.map((name) => ({ name, hash: false, mayCreate: false })));
  });
});
