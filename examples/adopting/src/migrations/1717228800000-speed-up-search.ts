import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Written by hand: TypeORM's decorator knows neither expressions nor an order. */
export class SpeedUpSearch1717228800000 implements MigrationInterface {
  name = 'SpeedUpSearch1717228800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE INDEX idx_books_title_lower ON books (lower(title))');
    await queryRunner.query('DROP INDEX idx_books_shelf_published');
    await queryRunner.query(
      'CREATE INDEX idx_books_shelf_published ON books (shelf, published_on DESC NULLS LAST)',
    );
    await queryRunner.query('CREATE INDEX loans_member ON loans ("memberId")');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX loans_member');
    await queryRunner.query('DROP INDEX idx_books_shelf_published');
    await queryRunner.query('CREATE INDEX idx_books_shelf_published ON books (shelf, published_on)');
    await queryRunner.query('DROP INDEX idx_books_title_lower');
  }
}
