import { inTransaction } from '@holdfast/online-schema/migration';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPLACED_KEY_FUNCTIONS, SCOPED_KEY_FUNCTIONS } from './tenancy/key-functions';

/** Policies ask whether a key has the scope that its transaction acts for, where that is said (docs/tenancy.md). */
export class ScopedKeys1795445591620 implements MigrationInterface {
  readonly name = 'ScopedKeys1795445591620';
  readonly transaction = true;

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of SCOPED_KEY_FUNCTIONS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await inTransaction(queryRunner, async () => {
      for (const statement of REPLACED_KEY_FUNCTIONS) await queryRunner.query(statement);
    });
  }
}
