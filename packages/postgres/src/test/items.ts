import {
  AfterLoad,
  BeforeInsert,
  Column,
  DeleteDateColumn,
  Entity,
  EntitySchema,
  ManyToOne,
  PrimaryColumn,
  type Relation,
  RelationId,
  Tree,
  TreeChildren,
  TreeParent,
  ViewColumn,
  ViewEntity,
  VirtualColumn,
} from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import type { PostgresDataSourceSettings } from '../data-source/data-source-settings';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import type { PoolSettings } from '../pool/pool-settings';
import { settings } from './settings';
import type { OpenedDataSource } from './transfers';

@Entity()
export class Item {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'integer' })
  size!: number | string;

  @Column({ type: 'text' })
  label!: string;

  @Column({
    type: 'text',
    transformer: { to: (text?: string) => text?.toLowerCase(), from: (text) => text },
    default: '',
  })
  lower!: string;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt!: Date | null;
}

/** The table of `Item`. */
export const ITEM_TABLE = `
  CREATE TABLE item (
    id integer PRIMARY KEY, size integer NOT NULL, label text NOT NULL, lower text NOT NULL DEFAULT '',
    "deletedAt" timestamptz
  )`;

@Entity()
export class LazyPart {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @ManyToOne(() => Item, { lazy: true })
  item!: Promise<Item>;
}

@Entity()
export class EagerPart {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @ManyToOne(() => Item, { eager: true })
  item!: Relation<Item>;
}

@Entity()
export class Computed {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @VirtualColumn({ type: 'integer', query: (alias) => `SELECT ${alias}.id + 1` })
  next!: number;
}

@Entity()
export class Listening {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @AfterLoad()
  notice(): void {}
}

@ViewEntity({ expression: 'SELECT id FROM item' })
export class Seen {
  @ViewColumn()
  id!: number;
}

@Entity()
export class Part {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @ManyToOne(() => Item)
  item!: Relation<Item>;
}

@Entity()
export class Referring {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @ManyToOne(() => Item)
  item!: Relation<Item>;

  @RelationId(({ item }: Referring) => item)
  itemId!: number;
}

@Entity()
@Tree('materialized-path')
export class Branch {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @TreeParent()
  parent!: Relation<Branch> | null;

  @TreeChildren()
  branches!: Relation<Branch[]>;
}

const Classless = new EntitySchema({
  name: 'Classless',
  columns: { id: { type: 'integer', primary: true } },
});

/** Hears of what TypeORM inserts. */
@Entity({ name: 'item' })
export class Announced {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'integer' })
  size!: number;

  @Column({ type: 'text' })
  label!: string;

  @BeforeInsert()
  announce(): void {}
}

const entities = [
  Announced,
  Item,
  LazyPart,
  EagerPart,
  Computed,
  Listening,
  Seen,
  Part,
  Referring,
  Branch,
  Classless,
];

/** Opens a DataSource that knows them, and closes it at the end of its block. */
export async function openItems(
  url: string,
  changes: Partial<PoolSettings> = {},
  rest: Partial<PostgresDataSourceSettings> = {},
): Promise<OpenedDataSource> {
  const dataSource = createPostgresDataSource({
    url,
    pool: { ...settings, destroyMs: 1_000, ...changes },
    applicationName: 'items',
    migrations: [],
    ...rest,
    entities: [...entities, ...((rest.entities ?? []) as [])],
  });
  await openDataSource(dataSource);
  return { dataSource, [Symbol.asyncDispose]: () => closeDataSource(dataSource) };
}
