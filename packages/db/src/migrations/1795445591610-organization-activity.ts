import { inTransaction } from '@holdfast/online-schema/migration';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A read model that workers keep, seen by whose events it counts. */
export class OrganizationActivity1795445591610 implements MigrationInterface {
  readonly name = 'OrganizationActivity1795445591610';
  readonly transaction = true;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "organization_activity" (
        "organization_id" uuid NOT NULL,
        "event_type" text NOT NULL,
        "slot" smallint NOT NULL,
        "events" bigint NOT NULL,
        "last_position" bigint NOT NULL,
        "last_event_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        CONSTRAINT "organization_activity_pkey" PRIMARY KEY (
          "organization_id",
          "event_type",
          "slot"
        )
      )
    `);
    for (const statement of ACCESS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await inTransaction(queryRunner, async () => {
      await queryRunner.query(`DROP TABLE "organization_activity"`);
    });
  }
}

/** As for events: an operator, whose tenant is the zero UUID, sees all of it, and others what is theirs. */
const ACCESS = [
  'alter table public.organization_activity enable row level security',
  `create policy app_select on public.organization_activity for select to holdfast_app
   using (coalesce((select tenancy.tenant()) in (organization_id, '00000000-0000-0000-0000-000000000000'), false)
          is distinct from false)`,
  'create policy work_all on public.organization_activity for all to holdfast_worker using (true)',
  'create policy read_all on public.organization_activity for select to holdfast_read using (true)',
  'grant select on public.organization_activity to holdfast_app, holdfast_read',
  'grant select, insert, update on public.organization_activity to holdfast_worker',
];
