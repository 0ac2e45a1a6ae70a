import { Column, Entity, PrimaryColumn } from 'typeorm';
import { withClient } from '../../measurement/with-client';

/** So many accounts that a lookup by primary key goes through an index of two levels, all of it in memory. */
export const ACCOUNTS = 10_000;

/** What every account holds at first. */
export const START_BALANCE = 1_000;

/** What is looked up and changed. */
@Entity({ name: 'accounts' })
export class Account {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'text' })
  email!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'integer' })
  balance!: number;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

interface Payload {
  readonly sku: string;
  readonly quantity: number;
  readonly note: string;
  readonly tags: string[];
}

/** What is inserted in bulk: columns and indexes as an event log has them. */
@Entity({ name: 'events' })
export class BenchEvent {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'stream_id', type: 'uuid' })
  streamId!: string;

  @Column({ type: 'integer' })
  version!: number;

  @Column({ type: 'text' })
  type!: string;

  @Column({ name: 'occurred_at', type: 'timestamptz' })
  occurredAt!: Date;

  @Column({ type: 'jsonb' })
  payload!: Payload;
}

/** An entry is one transaction that was applied. Nothing keeps one from being there twice. */
const STATEMENTS = [
  'DROP TABLE IF EXISTS accounts, entries, events',
  `
    CREATE TABLE accounts (
      id integer PRIMARY KEY,
      email text NOT NULL,
      name text NOT NULL,
      balance integer NOT NULL,
      created_at timestamptz NOT NULL
    )
  `,
  `
    INSERT INTO accounts
    SELECT id, 'user' || id || '@example.com', 'User ' || id, ${START_BALANCE}, timestamptz '2024-01-01' + id * interval '1 minute'
    FROM generate_series(0, ${ACCOUNTS - 1}) AS id
  `,
  `
    CREATE TABLE entries (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      account_id integer NOT NULL,
      amount integer NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )
  `,
  `
    CREATE TABLE events (
      id uuid PRIMARY KEY,
      stream_id uuid NOT NULL,
      version integer NOT NULL,
      type text NOT NULL,
      occurred_at timestamptz NOT NULL,
      payload jsonb NOT NULL,
      UNIQUE (stream_id, version)
    )
  `,
  'ANALYZE accounts',
];

/** The tables are new, with all accounts and nothing else, and whatever `further` makes. */
export async function createTables(url: string, further: string): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of [...STATEMENTS, further]) await client.query(statement);
  });
}
