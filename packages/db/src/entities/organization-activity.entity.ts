import { Column, Entity, PrimaryColumn } from 'typeorm';

const PRIMARY_KEY = 'organization_activity_pkey';

/**
 * How many events of a type workers have handled for an organization: what a list of its events cannot tell without reading all of
 * them. One count may stand in several rows, each of another slot, so that workers do not wait for each other. Without a foreign key, as
 * events are.
 */
@Entity({ name: 'organization_activity' })
export class OrganizationActivity {
  @PrimaryColumn({ name: 'organization_id', type: 'uuid', primaryKeyConstraintName: PRIMARY_KEY })
  organizationId!: string;

  @PrimaryColumn({ name: 'event_type', type: 'text', primaryKeyConstraintName: PRIMARY_KEY })
  eventType!: string;

  @PrimaryColumn({ type: 'smallint', primaryKeyConstraintName: PRIMARY_KEY })
  slot!: number;

  /** Digits: it may exceed the numbers of JavaScript. */
  @Column({ type: 'bigint' })
  events!: string;

  /** Of the event that stands last in the log of those that were counted. */
  @Column({ name: 'last_position', type: 'bigint' })
  lastPosition!: string;

  @Column({ name: 'last_event_at', type: 'timestamptz', precision: 3 })
  lastEventAt!: Date;
}
