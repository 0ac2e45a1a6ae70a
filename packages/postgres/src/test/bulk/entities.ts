import {
  ChildEntity,
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
  Unique,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

import { Everything, Owner } from './everything';

/** A composite key, one part of which is a foreign key. */
@Entity()
export class Seat {
  @PrimaryColumn({ type: 'uuid' })
  ownerId!: string;

  @PrimaryColumn({ type: 'text' })
  label!: string;

  @Column({ type: 'integer', nullable: true })
  row!: number | null;

  @ManyToOne(() => Owner, { nullable: true })
  @JoinColumn({ name: 'ownerId' })
  owner!: Relation<Owner>;
}

/** Small rows, many of them. */
@Entity()
export class Point {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'integer' })
  x!: number;

  @Column({ type: 'integer' })
  y!: number;

  @Column({ type: 'text' })
  label!: string;
}

/** What `upsertMany` is about. */
@Entity()
@Unique(['sku', 'shop'])
export class Stock {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'text' })
  sku!: string;

  @Column({ type: 'integer' })
  shop!: number;

  @Column({ type: 'integer', default: 0 })
  count!: number;

  @Column({ type: 'json', nullable: true })
  notes!: unknown;

  @Column({ type: 'citext', nullable: true })
  title!: string | null;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;

  @VersionColumn()
  version!: number;
}

@Entity()
@TableInheritance({ column: { type: 'text', name: 'kind' } })
export class Animal {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'BY DEFAULT' })
  id!: number;
}

@ChildEntity('cat')
export class Cat extends Animal {
  @Column({ type: 'integer', nullable: true })
  lives!: number | null;
}

/** TypeORM itself cannot create this table, because it does not escape such names everywhere. */
@Entity({ name: 'a "table". here', schema: 'x"y.z', synchronize: false })
export class Quoted {
  @PrimaryColumn({ type: 'integer', name: 'i"d' })
  id!: number;

  @Column({ type: 'text', name: "te.x't" })
  text!: string;
}

export const QUOTED_TABLE = `
  CREATE SCHEMA "x""y.z";
  CREATE TABLE "x""y.z"."a ""table"". here" ("i""d" integer PRIMARY KEY, "te.x't" text NOT NULL)`;

/** Keys that can be written in several ways. */
@Entity()
export class Price {
  @PrimaryColumn({ type: 'numeric', precision: 8, scale: 2 })
  amount!: string;

  @PrimaryColumn({ type: 'char', length: 3 })
  currency!: string;
}

/** Has nothing that must be given. */
@Entity()
export class Ticket {
  @PrimaryGeneratedColumn('increment', { type: 'integer' })
  number!: number;

  @Column({ type: 'text', default: 'open' })
  state!: string;
}

export const entities = [Owner, Everything, Seat, Point, Stock, Animal, Cat, Ticket, Price, Quoted];

export { Everything, Owner };
