import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ACCEPTANCE_BY_ID, REPLACED_ACCEPTANCE } from './tenancy/functions';

/** A membership that is accepted is looked for by its id, however many its user has. */
export class AcceptanceById1795445591630 implements MigrationInterface {
  readonly name = 'AcceptanceById1795445591630';
  readonly transaction = true;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ACCEPTANCE_BY_ID);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(REPLACED_ACCEPTANCE);
  }
}
