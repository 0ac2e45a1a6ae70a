import {
  Column,
  CreateDateColumn,
  DeleteDateColumn,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type Relation,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

@Entity()
export class Owner {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'text', unique: true })
  email!: string;

  @Column({ type: 'text', default: 'nobody' })
  name!: string;

  @OneToMany(
    () => Everything,
    (thing) => thing.owner,
  )
  things!: Relation<Everything[]>;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt!: Date | null;
}

class Money {
  @Column({ type: 'numeric', precision: 12, scale: 2, nullable: true })
  amount!: string | null;

  @Column({ type: 'character', length: 3, nullable: true })
  currency!: string | null;
}

/** Kept as `a;b` in the database and as a list on the entity. */
const semicolons = {
  to: (list: readonly string[] | null | undefined) => list?.join(';') ?? list,
  from: (text: string | null) => text?.split(';') ?? text,
};

/** Every kind of column that can be written, most of them nullable so that a row may be of any shape. */
@Entity({ name: 'Every Thing', schema: 'Odd' })
export class Everything {
  @PrimaryGeneratedColumn('increment', { type: 'bigint' })
  id!: string;

  @Column({ type: 'uuid', generated: 'uuid' })
  token!: string;

  @Column({ type: 'text', nullable: true, name: 'Te xt' })
  text!: string | null;

  @Column({ type: 'varchar', length: 8, nullable: true })
  short!: string | null;

  /** As long as `short`. */
  @Column({ type: 'varchar', length: 8, nullable: true })
  alias!: string | null;

  @Column({ type: 'char', length: 4, nullable: true })
  fixed!: string | null;

  @Column({ type: 'citext', nullable: true })
  insensitive!: string | null;

  @Column({ type: 'smallint', nullable: true })
  small!: number | null;

  @Column({ type: 'integer', default: 7 })
  integer!: number;

  @Column({ type: 'bigint', nullable: true })
  big!: string | bigint | null;

  @Column({ type: 'double precision', nullable: true })
  double!: number | null;

  @Column({ type: 'numeric', precision: 10, scale: 3, nullable: true })
  numeric!: string | null;

  @Column({ type: 'boolean', nullable: true })
  boolean!: boolean | null;

  @Column({ type: 'date', nullable: true })
  date!: string | Date | null;

  @Column({ type: 'time', nullable: true })
  time!: string | Date | null;

  @Column({ type: 'timestamp', nullable: true })
  timestamp!: Date | null;

  @Column({ type: 'timestamptz', precision: 0, nullable: true })
  timestamptz!: Date | null;

  @Column({ type: 'interval', nullable: true })
  interval!: string | null;

  @Column({ type: 'bytea', nullable: true })
  bytes!: Buffer | null;

  @Column({ type: 'json', nullable: true })
  json!: unknown;

  @Column({ type: 'jsonb', nullable: true })
  jsonb!: unknown;

  @Column({ type: 'enum', enum: ['new', 'in "use"', 'NULL'], nullable: true })
  Mood!: string | null;

  @Column({ type: 'enum', enum: ['a', 'b,c'], enumName: 'letters', array: true, nullable: true })
  letters!: string[] | null;

  @Column({ type: 'text', array: true, nullable: true })
  texts!: (string | null)[] | null;

  @Column({ type: 'integer', array: true, default: [] })
  integers!: number[] | number[][];

  @Column({ type: 'timestamptz', array: true, nullable: true })
  moments!: Date[] | null;

  @Column({ type: 'bytea', array: true, nullable: true })
  blobs!: Buffer[] | null;

  @Column({ type: 'varchar', length: 5, array: true, nullable: true })
  shorts!: string[] | null;

  @Column({ type: 'simple-array', nullable: true })
  simpleArray!: string[] | null;

  @Column({ type: 'simple-json', nullable: true })
  simpleJson!: unknown;

  @Column({ type: 'simple-enum', enum: ['x', 'y'], nullable: true })
  simpleEnum!: 'x' | 'y' | null;

  @Column({ type: 'text', transformer: semicolons, nullable: true })
  list!: string[] | null;

  @Column({ type: 'point', nullable: true })
  point!: unknown;

  @Column({ type: 'box', nullable: true })
  box!: string | null;

  @Column({ type: 'box', array: true, nullable: true })
  boxes!: string | null;

  @Column({ type: 'circle', nullable: true })
  circle!: unknown;

  @Column({ type: 'inet', nullable: true })
  inet!: string | null;

  @Column({ type: 'bit', length: 3, nullable: true })
  bits!: string | null;

  @Column({ type: 'int4range', nullable: true })
  range!: string | null;

  @Column({ type: 'hstore', nullable: true, hstoreType: 'object' })
  hstore!: object | null;

  @Column({ type: 'ltree', nullable: true })
  ltree!: string | null;

  @Column({ type: 'cube', nullable: true })
  cube!: number[] | null;

  @Column(() => Money, { prefix: 'price' })
  price!: Money;

  @ManyToOne(
    () => Owner,
    (owner) => owner.things,
    { nullable: true },
  )
  owner!: Relation<Owner> | null;

  @Column({ type: 'text', nullable: true, insert: false })
  never!: string | null;

  @Column({
    type: 'integer',
    asExpression: '"integer" * 2',
    generatedType: 'STORED',
    insert: false,
    update: false,
  })
  doubled!: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;

  @VersionColumn()
  version!: number;
}
