import type { QueryRunner } from 'typeorm';
import { type OpenTenants, openTenants } from '../test/open-tenants';

interface OwnersFunction {
  readonly name: string;
  readonly call: string;
}

const TYPES = ['boolean', 'bytea', 'int8', 'interval', 'jsonb', 'name', 'pg_snapshot', 'text', 'timestamptz'];

describe('temporary objects of a session of the application', () => {
  let tenants: OpenTenants;
  let session: QueryRunner;

  beforeAll(async () => {
    tenants = await openTenants();
    session = tenants.application.createQueryRunner();
    await session.query(
      `create function pg_temp.run() returns boolean language plpgsql as
       $$ begin raise 'ran as %', current_user using errcode = 'HF001'; end $$`,
    );
    for (const type of [...TYPES, 'uuid', 'xid8']) {
      await session.query(
        `create domain pg_temp."${type}" as pg_catalog."${type === 'boolean' ? 'bool' : type}" check (pg_temp.run())`,
      );
    }
    for (const table of ['api_keys', 'events', 'user_organizations', 'users', 'organizations']) {
      await session.query(`create view pg_temp.${table} as select pg_temp.run()`);
    }
  });

  afterAll(async () => {
    await session?.release();
    await tenants?.close();
  });

  it('run nothing as the owner, whichever function is called', async () => {
    const functions: OwnersFunction[] = await tenants.dataSource.query(
      `select p.oid::regprocedure::text as name,
         format('select * from tenancy.%I(%s)', p.proname, (
           select string_agg('null::pg_catalog.' || quote_ident(t.typname), ', ' order by a.at)
           from unnest(p.proargtypes) with ordinality as a (type, at) join pg_type t on t.oid = a.type
         )) as call
       from pg_proc p
       where p.pronamespace = 'tenancy'::regnamespace and has_function_privilege('holdfast_app', p.oid, 'execute')`,
    );
    expect(functions.length).toBeGreaterThan(15);
    for (const { name, call } of functions) {
      const outcome = await session.query(call).catch(({ message }: Error) => message);
      expect({ name, outcome }).toEqual({ name, outcome: expect.anything() });
      expect({ name, outcome: String(outcome) }).toEqual({
        name,
        outcome: expect.not.stringContaining('ran as'),
      });
    }
  });

  it('run as the owner in a function whose path leaves the temporary schema out', async () => {
    await tenants.dataSource.query(
      `create function public.careless() returns text language sql security definer set search_path = ''
       as $$ select 'x'::name::pg_catalog.text $$`,
    );
    const [owner] = await tenants.dataSource.query('select current_user as name');
    await expect(session.query('select public.careless()')).rejects.toThrow(`ran as ${owner.name}`);
  });
});
