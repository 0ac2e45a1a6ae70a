import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  type Relation,
} from 'typeorm';

/** Entities with every kind of relation between them. */

@Entity()
export class Author {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'text' })
  name!: string;

  @OneToMany(
    () => Book,
    (book) => book.author,
  )
  books!: Relation<Book[]>;

  @OneToOne(
    () => Portrait,
    (portrait) => portrait.author,
  )
  portrait!: Relation<Portrait> | null;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt!: Date | null;
}

@Entity()
export class Portrait {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'bytea' })
  picture!: Buffer;

  @OneToOne(
    () => Author,
    (author) => author.portrait,
  )
  @JoinColumn()
  author!: Relation<Author> | null;
}

/** Its key has two columns. */
@Entity()
export class Book {
  @PrimaryColumn({ type: 'text' })
  shelf!: string;

  @PrimaryColumn({ type: 'integer' })
  place!: number;

  @Column({ type: 'timestamptz' })
  printedAt!: Date;

  @ManyToOne(
    () => Author,
    (author) => author.books,
  )
  author!: Relation<Author> | null;

  @ManyToMany(
    () => Subject,
    (subject) => subject.books,
  )
  @JoinTable()
  subjects!: Relation<Subject[]>;
}

@Entity()
export class Subject {
  @PrimaryColumn({ type: 'text' })
  name!: string;

  @ManyToMany(
    () => Book,
    (book) => book.subjects,
  )
  books!: Relation<Book[]>;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt!: Date | null;
}

export const LIBRARY = [Author, Portrait, Book, Subject];
