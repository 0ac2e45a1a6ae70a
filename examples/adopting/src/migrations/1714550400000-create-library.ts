import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateLibrary1714550400000 implements MigrationInterface {
  name = 'CreateLibrary1714550400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
            CREATE TYPE "public"."shelf" AS ENUM('fiction', 'science', 'children')
        `);
    await queryRunner.query(`
            CREATE TABLE "books" (
                "id" SERIAL NOT NULL,
                "title" character varying(300) NOT NULL,
                "isbn" character varying(13) NOT NULL,
                "shelf" "public"."shelf" NOT NULL DEFAULT 'fiction',
                "published_on" date,
                "authorId" integer NOT NULL,
                CONSTRAINT "PK_f3f2f25a099d24e12545b70b022" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "idx_books_shelf_published" ON "books" ("shelf", "published_on")
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "idx_books_isbn" ON "books" ("isbn")
        `);
    await queryRunner.query(`
            CREATE TABLE "authors" (
                "id" SERIAL NOT NULL,
                "name" character varying(200) NOT NULL,
                CONSTRAINT "PK_d2ed02fabd9b52847ccb85e6b88" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "IDX_6c64b3df09e6774438aeca7e0b" ON "authors" ("name")
        `);
    await queryRunner.query(`
            CREATE TABLE "members" (
                "id" SERIAL NOT NULL,
                "name" character varying(200) NOT NULL,
                "email" character varying(320),
                CONSTRAINT "PK_28b53062261b996d9c99fa12404" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE UNIQUE INDEX "idx_members_email" ON "members" ("email")
            WHERE email IS NOT NULL
        `);
    await queryRunner.query(`
            CREATE TABLE "loans" (
                "id" SERIAL NOT NULL,
                "lent_on" date NOT NULL,
                "due_on" date NOT NULL,
                "returned_on" date,
                "bookId" integer NOT NULL,
                "memberId" integer NOT NULL,
                CONSTRAINT "PK_5c6942c1e13e4de135c5203ee61" PRIMARY KEY ("id")
            )
        `);
    await queryRunner.query(`
            CREATE INDEX "idx_loans_due" ON "loans" ("due_on")
            WHERE returned_on IS NULL
        `);
    await queryRunner.query(`
            ALTER TABLE "books"
            ADD CONSTRAINT "FK_54f49efe2dd4d2850e736e9ab86" FOREIGN KEY ("authorId") REFERENCES "authors"("id") ON DELETE NO ACTION ON UPDATE NO ACTION
        `);
    await queryRunner.query(`
            ALTER TABLE "loans"
            ADD CONSTRAINT "FK_aad54a9134e293d4d3be70db995" FOREIGN KEY ("bookId") REFERENCES "books"("id") ON DELETE NO ACTION ON UPDATE NO ACTION
        `);
    await queryRunner.query(`
            ALTER TABLE "loans"
            ADD CONSTRAINT "FK_95f07ed85a66f8cca696347f529" FOREIGN KEY ("memberId") REFERENCES "members"("id") ON DELETE NO ACTION ON UPDATE NO ACTION
        `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
            ALTER TABLE "loans" DROP CONSTRAINT "FK_95f07ed85a66f8cca696347f529"
        `);
    await queryRunner.query(`
            ALTER TABLE "loans" DROP CONSTRAINT "FK_aad54a9134e293d4d3be70db995"
        `);
    await queryRunner.query(`
            ALTER TABLE "books" DROP CONSTRAINT "FK_54f49efe2dd4d2850e736e9ab86"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."idx_loans_due"
        `);
    await queryRunner.query(`
            DROP TABLE "loans"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."idx_members_email"
        `);
    await queryRunner.query(`
            DROP TABLE "members"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."IDX_6c64b3df09e6774438aeca7e0b"
        `);
    await queryRunner.query(`
            DROP TABLE "authors"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."idx_books_isbn"
        `);
    await queryRunner.query(`
            DROP INDEX "public"."idx_books_shelf_published"
        `);
    await queryRunner.query(`
            DROP TABLE "books"
        `);
    await queryRunner.query(`
            DROP TYPE "public"."shelf"
        `);
  }
}
