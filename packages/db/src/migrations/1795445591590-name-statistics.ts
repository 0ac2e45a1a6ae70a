import { inTransaction } from '@holdfast/online-schema/migration';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * First and last names go together: the planner, who takes them for independent, expected two users of a name that a
 * thousand have, and sorted them instead of following idx_users_name_search. TypeORM knows no statistics.
 */
export class NameStatistics1795445591590 implements MigrationInterface {
  readonly name = 'NameStatistics1795445591590';
  readonly transaction = true;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE STATISTICS "stats_users_names" (mcv)
      ON (lower("first_name") COLLATE "C"), (lower("last_name") COLLATE "C")
      FROM "users"
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await inTransaction(queryRunner, async () => {
      await queryRunner.query(`DROP STATISTICS "stats_users_names"`);
    });
  }
}
