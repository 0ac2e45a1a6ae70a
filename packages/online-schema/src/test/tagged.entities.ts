import 'reflect-metadata';
import {
  Column,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  PrimaryColumn,
  type Relation,
  Unique,
} from 'typeorm';
import { desc, Index } from '../index';

/** A schema in which TypeORM makes a join table, and in which entities declare what the doctor finds fault with. */
@Entity({ name: 'tags' })
export class Tag {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
}

@Entity({ name: 'articles' })
@Unique('articles_slug_key', ['slug'])
@Index('idx_articles_slug', ['slug'], { unique: true })
@Index('idx_articles_title', ['title'])
@Index('idx_articles_title_slug', ['title', 'slug'])
@Index('idx_articles_published', [desc('publishedAt')])
@Index('idx_articles_words', ['words'])
export class Article {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ type: 'text' })
  title!: string;
  @Column({ type: 'text' })
  slug!: string;
  @Column({ name: 'published_at', type: 'timestamptz', nullable: true })
  publishedAt!: Date | null;
  @Column({ type: 'text', array: true })
  words!: string[];
  @ManyToOne(() => Tag)
  mainTag?: Relation<Tag>;
  @ManyToMany(() => Tag)
  @JoinTable({ name: 'articles_tags' })
  tags?: Relation<Tag[]>;
}
