import 'reflect-metadata';
import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation, Unique } from 'typeorm';
import { desc, Index, sql } from '../index';

/** Two versions of a schema between which there is one change of every kind that can be planned. */
@Entity({ name: 'authors' })
@Index('idx_authors_email', ['email'])
@Index('idx_authors_recent', ['age'])
class AuthorBefore {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ type: 'text', nullable: true })
  name!: string | null;
  @Column({ type: 'text' })
  email!: string;
  @Column({ type: 'varchar', length: 10, nullable: true })
  code!: string | null;
  @Column({ type: 'integer', nullable: true })
  age!: number | null;
  @Column({ type: 'enum', enum: ['calm', 'busy'], default: 'calm' })
  mood!: string;
}

@Entity({ name: 'books' })
@Check('books_pages_positive', 'pages > 0')
@Unique('books_isbn_key', ['isbn'])
class BookBefore {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ name: 'author_id', type: 'integer', nullable: true })
  authorId!: number | null;
  @ManyToOne(() => AuthorBefore)
  @JoinColumn({ name: 'editor_id', foreignKeyConstraintName: 'books_editor_fk' })
  editor?: Relation<AuthorBefore>;
  @Column({ type: 'text', nullable: true })
  isbn!: string | null;
  @Column({ type: 'integer', nullable: true })
  pages!: number | null;
  @Column({ type: 'integer' })
  price!: number;
  @Column({ type: 'text', default: 'here' })
  shelf!: string;
}

@Entity({ name: 'shelves' })
class ShelfBefore {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ type: 'text', nullable: true })
  title!: string | null;
}

@Entity({ name: 'authors' })
@Index('idx_authors_recent', [desc('joined', { nulls: 'LAST' })], { where: sql`${'age'} > 18` })
@Index('idx_authors_level', ['level'])
class AuthorAfter {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ type: 'text', comment: 'as on the cover' })
  name!: string;
  @Column({ type: 'text', unique: true })
  email!: string;
  @Column({ type: 'varchar', length: 20, nullable: true })
  code!: string | null;
  @Column({ type: 'bigint', nullable: true })
  age!: string | null;
  @Column({ type: 'enum', enum: ['calm', 'away', 'busy', 'gone'], default: 'away' })
  mood!: string;
  @Column({ type: 'uuid', default: () => 'gen_random_uuid()' })
  token!: string;
  @Column({ type: 'timestamptz', default: () => 'now()' })
  joined!: Date;
  @Column({ type: 'integer', default: 1 })
  level!: number;
}

@Entity({ name: 'books' })
@Check('books_price_positive', 'price > 0')
class BookAfter {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @ManyToOne(() => AuthorAfter, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'author_id', foreignKeyConstraintName: 'books_author_fk' })
  author?: Relation<AuthorAfter>;
  @ManyToOne(() => AuthorAfter, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'editor_id', foreignKeyConstraintName: 'books_editor_fk' })
  editor?: Relation<AuthorAfter>;
  @Column({ type: 'text', nullable: true })
  isbn!: string | null;
  @Column({ type: 'integer', nullable: true })
  pages!: number | null;
  @Column({ type: 'integer', nullable: true })
  price!: number | null;
}

@Entity({ name: 'shelves' })
class ShelfAfter {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ type: 'text', nullable: true })
  heading!: string | null;
}

@Entity({ name: 'reviews' })
@Check('reviews_stars_few', 'stars <= 5')
class Review {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ type: 'smallint' })
  stars!: number;
  @ManyToOne(() => BookAfter)
  @JoinColumn({ name: 'book_id', foreignKeyConstraintName: 'reviews_book_fk' })
  book?: Relation<BookAfter>;
}

export const libraryBefore = [AuthorBefore, BookBefore, ShelfBefore];
export const libraryAfter = [AuthorAfter, BookAfter, ShelfAfter, Review];

/** What from the one to the other must be taken on. */
export const libraryHazards = [
  'drop-column',
  'rename-column',
  'change-type',
  'drop-constraint',
  'drop-index',
] as const;

/** Rows that every change can be made with. */
export const libraryRows = [
  `insert into authors (id, name, email, code, age, mood)
   select n, 'n' || n, 'e' || n, 'c', n % 80, 'busy' from generate_series(1, 500) as n`,
  `insert into books (id, author_id, editor_id, isbn, pages, price)
   select n, 1 + n % 500, null, 'i' || n, n, n from generate_series(1, 500) as n`,
  'analyze',
];
