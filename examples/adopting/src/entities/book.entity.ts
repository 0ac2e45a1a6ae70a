import { Column, Entity, Index, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Author } from './author.entity';

export enum Shelf {
  Fiction = 'fiction',
  Science = 'science',
  Children = 'children',
}

@Entity('books')
@Index('idx_books_isbn', ['isbn'], { unique: true })
@Index('idx_books_shelf_published', ['shelf', 'publishedOn'])
@Index('idx_books_title_lower', { synchronize: false })
export class Book {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 300 })
  title!: string;

  @Column({ type: 'varchar', length: 13 })
  isbn!: string;

  @Column({ type: 'enum', enum: Shelf, enumName: 'shelf', default: Shelf.Fiction })
  shelf!: Shelf;

  @Column({ type: 'date', name: 'published_on', nullable: true })
  publishedOn!: string | null;

  @ManyToOne(
    () => Author,
    (author) => author.books,
    { nullable: false },
  )
  author!: Relation<Author>;
}
