import { Column, Entity, PrimaryColumn } from 'typeorm';

const PRIMARY_KEY = 'event_leases_pkey';

/**
 * What a worker has noted of an event that is not done: who has it for how long, and when it may be tried again. Rows of its own,
 * since a note on the event would write it and each of its indexes anew. Gone when the event is done.
 */
@Entity({ name: 'event_leases' })
export class EventLease {
  @PrimaryColumn({ name: 'aggregate_type', type: 'text', primaryKeyConstraintName: PRIMARY_KEY })
  aggregateType!: string;

  /** The table is distributed by it, as events are. */
  @PrimaryColumn({ name: 'aggregate_id', type: 'uuid', primaryKeyConstraintName: PRIMARY_KEY })
  aggregateId!: string;

  @PrimaryColumn({ name: 'aggregate_version', type: 'integer', primaryKeyConstraintName: PRIMARY_KEY })
  aggregateVersion!: number;

  /** Of the claim that has it. A worker whose lease was taken over finds another token, and may not finish. */
  @Column({ type: 'uuid', nullable: true })
  token!: string | null;

  /** Until then the claim holds. */
  @Column({ name: 'lease_until', type: 'timestamptz', precision: 3, nullable: true })
  leaseUntil!: Date | null;

  /** Not before then is it handed to a worker again. */
  @Column({ name: 'not_before', type: 'timestamptz', precision: 3, nullable: true })
  notBefore!: Date | null;
}
