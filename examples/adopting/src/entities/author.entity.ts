import { Column, Entity, Index, OneToMany, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Book } from './book.entity';

@Entity('authors')
export class Author {
  @PrimaryGeneratedColumn()
  id!: number;

  @Index()
  @Column({ type: 'varchar', length: 200 })
  name!: string;

  @OneToMany(
    () => Book,
    (book) => book.author,
  )
  books!: Relation<Book>[];
}
