import { Index, sql } from '@holdfast/online-schema';
import { Check, Column, type ColumnType, Entity, Generated, PrimaryColumn } from 'typeorm';

/** Attempts after which an event is no longer handed to a worker. Part of an index predicate, so a literal. */
export const MAX_EVENT_ATTEMPTS = 5;

/** An event is the place that it has in its stream: of two appends that saw the same version, this lets one through. */
const PRIMARY_KEY = 'idx_events_aggregate_timeline';

/**
 * One event of the log. Append-only but for the marks of its processing.
 *
 * Every unique key includes `aggregate_id`, so that the table can be distributed by it; there is no foreign key, trigger or
 * rule, because history outlives its subjects (docs/adr/0010-events.md). Each byte of an index is written with every event,
 * so the timelines hold no tie-break, and two of them hold one hash instead of two keys
 * (docs/adr/0015-lean-event-indexes.md).
 */
@Entity({ name: 'events' })
@Index('idx_events_id', ['id'])
@Index('idx_events_global_position', ['globalPosition'])
@Index('idx_events_idempotency', ['aggregateId', 'idempotencyKey'], {
  unique: true,
  where: sql`${'idempotencyKey'} is not null`,
})
@Index('idx_events_type_timeline', ['eventType', 'eventTimestamp'])
@Index('idx_events_org_timeline', ['organizationId', 'eventTimestamp'], {
  where: sql`${'organizationId'} is not null`,
})
@Index('idx_events_user_timeline', ['userId', 'eventTimestamp'], {
  where: sql`${'userId'} is not null`,
})
@Index('idx_events_correlation', ['correlationId'], {
  where: sql`${'correlationId'} is not null`,
})
@Index('idx_events_unprocessed', ['createdAt'], {
  where: sql`${'processed'} = false and ${'retryCount'} < 5`,
})
@Index('idx_events_dead_letters', ['createdAt', 'globalPosition'], {
  where: sql`${'processed'} = false and ${'retryCount'} >= 5`,
})
@Index(
  'idx_events_org_type_timeline',
  [sql`uuid_hash_extended(${'organizationId'}, hashtextextended(${'eventType'}, 0))`, 'eventTimestamp'],
  { where: sql`${'organizationId'} is not null` },
)
@Index(
  'idx_events_user_type_timeline',
  [sql`uuid_hash_extended(${'userId'}, hashtextextended(${'eventType'}, 0))`, 'eventTimestamp'],
  { where: sql`${'userId'} is not null` },
)
@Index('idx_events_tags', ['tags'], { type: 'gin' })
@Check('events_aggregate_version_check', `"aggregate_version" >= 1`)
@Check('events_retry_count_check', `"retry_count" >= 0`)
@Check('events_payload_check', `jsonb_typeof("payload") = 'object'`)
export class Event {
  @PrimaryColumn({ name: 'aggregate_type', type: 'text', primaryKeyConstraintName: PRIMARY_KEY })
  aggregateType!: string;

  /** The table is distributed by it. */
  @PrimaryColumn({ name: 'aggregate_id', type: 'uuid', primaryKeyConstraintName: PRIMARY_KEY })
  aggregateId!: string;

  /** Place in the stream of its aggregate: 1, 2, 3 … without gaps. */
  @PrimaryColumn({ name: 'aggregate_version', type: 'integer', primaryKeyConstraintName: PRIMARY_KEY })
  aggregateVersion!: number;

  /** UUID version 7, made by the application. */
  @Column({ type: 'uuid' })
  id!: string;

  /**
   * Transaction that wrote the event. Stands before the position, since PostgreSQL evaluates defaults in the order of columns: whoever
   * holds a position has the id of a transaction, and a reader of the log can tell that they are done.
   */
  @Column({ name: 'transaction_id', type: 'xid8' as ColumnType, default: () => 'pg_current_xact_id()' })
  transactionId!: string;

  /**
   * Place in the whole log, from a sequence: never reused, with gaps, and not in the order of commits. A string
   * of digits, since JavaScript's numbers end at 2⁵³.
   */
  @Column({ name: 'global_position', type: 'bigint' })
  @Generated('increment')
  globalPosition!: string;

  @Column({ name: 'event_type', type: 'text' })
  eventType!: string;

  /** When it happened, as the client says. */
  @Column({ name: 'event_timestamp', type: 'timestamptz', precision: 3 })
  eventTimestamp!: Date;

  @Column({ name: 'organization_id', type: 'uuid', nullable: true })
  organizationId!: string | null;

  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;

  /** Joins the events of one operation across aggregates. */
  @Column({ name: 'correlation_id', type: 'uuid', nullable: true })
  correlationId!: string | null;

  /** A second append to the aggregate with the same key writes nothing. */
  @Column({ name: 'idempotency_key', type: 'text', nullable: true })
  idempotencyKey!: string | null;

  /** What the event is about, as `key:value`: the boundary of a dynamic consistency condition. */
  @Column({ type: 'text', array: true, default: () => `'{}'` })
  tags!: string[];

  @Column({ type: 'jsonb' })
  payload!: Record<string, unknown>;

  @Column({ type: 'boolean', default: false })
  processed!: boolean;

  @Column({ name: 'retry_count', type: 'smallint', default: 0 })
  retryCount!: number;

  @Column({ name: 'last_error', type: 'text', nullable: true })
  lastError!: string | null;

  /** When it was written. */
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;
}
