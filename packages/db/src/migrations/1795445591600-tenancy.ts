import { inTransaction } from '@holdfast/online-schema/migration';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { FINDER_FUNCTIONS, FINDER_GRANTS } from './tenancy/finders';
import { FUNCTION_GRANTS, FUNCTIONS } from './tenancy/functions';
import { KEY_FUNCTIONS } from './tenancy/key-functions';
import { KEY_TRIGGERS } from './tenancy/key-triggers';
import { POLICIES } from './tenancy/policies';
import { FIND_EVENTS_BY_QUERY, GRANT_EVENTS_BY_QUERY } from './tenancy/query-finder';
import { GRANTS, ROLES, renderRole, TABLES } from './tenancy/roles';

/**
 * Who may do what (docs/tenancy.md): three roles, functions that know whose key a request came with, and a policy on every
 * table that holds rows of organizations.
 */
export class Tenancy1795445591600 implements MigrationInterface {
  readonly name = 'Tenancy1795445591600';
  readonly transaction = true;

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const role of ROLES) await queryRunner.query(renderRole(role));
    for (const statement of [
      'create schema tenancy',
      ...KEY_FUNCTIONS,
      ...FUNCTIONS,
      ...FINDER_FUNCTIONS,
      FIND_EVENTS_BY_QUERY,
      ...KEY_TRIGGERS,
      ...FUNCTION_GRANTS,
      ...FINDER_GRANTS,
      GRANT_EVENTS_BY_QUERY,
      ...POLICIES,
      ...GRANTS,
    ]) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const roles = ROLES.join(', ');
    await inTransaction(queryRunner, async () => {
      for (const table of TABLES) {
        for (const policy of await readPolicies(queryRunner, table))
          await queryRunner.query(`drop policy "${policy}" on public."${table}"`);
        await queryRunner.query(`alter table public."${table}" disable row level security`);
      }
      await queryRunner.query(`revoke all on all tables in schema public from ${roles}`);
      await queryRunner.query(`revoke all on all sequences in schema public from ${roles}`);
      await queryRunner.query(`revoke usage on schema public from ${roles}`);
      // With its functions go their triggers.
      await queryRunner.query('drop schema tenancy cascade');
      // The roles belong to the whole server, and another database may have given them rights.
    });
  }
}

async function readPolicies(queryRunner: QueryRunner, table: string): Promise<string[]> {
  const rows: { name: string }[] = await queryRunner.query(
    `select polname as name from pg_policy where polrelid = $1::regclass order by 1`,
    [`public.${table}`],
  );
  return rows.map(({ name }) => name);
}
