import 'reflect-metadata';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { Author } from './entities/author.entity';
import { Book } from './entities/book.entity';
import { Loan } from './entities/loan.entity';
import { Member } from './entities/member.entity';

export const dataSource = new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL ?? 'postgres://localhost/library',
  entities: [Author, Book, Loan, Member],
  migrations: [join(__dirname, 'migrations', '*.js')],
});
