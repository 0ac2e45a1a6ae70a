import { desc, Index, sql } from '@holdfast/online-schema';
import { Check, Column, Entity, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';
import { oneOf } from './one-of';

export const ORGANIZATION_STATUSES = ['active', 'suspended', 'archived'] as const;
export type OrganizationStatus = (typeof ORGANIZATION_STATUSES)[number];

/** A tenant. */
@Entity({ name: 'organizations' })
@Index('idx_organizations_name_trgm', [{ property: 'name', operatorClass: 'gin_trgm_ops' }], {
  type: 'gin',
  requires: ['pg_trgm'],
})
@Index('idx_organizations_domain', [sql`lower(${'domain'})`], {
  unique: true,
  where: sql`${'domain'} is not null`,
})
@Index('idx_organizations_status_created', ['status', desc('createdAt'), desc('id')])
@Index('idx_organizations_external_id', ['externalId'], {
  unique: true,
  where: sql`${'externalId'} is not null`,
})
@Check('organizations_name_check', `length("name") between 1 and 200`)
@Check('organizations_status_check', oneOf('status', ORGANIZATION_STATUSES))
export class Organization {
  /** UUID version 7, made by the application. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'organizations_pkey' })
  id!: string;

  /** Where a copied organization came from, as `source:id`; null for one that was created here. */
  @Column({ name: 'external_id', type: 'text', nullable: true })
  externalId!: string | null;

  @Column({ type: 'text' })
  name!: string;

  /** Mail domain; compared without regard to case. */
  @Column({ type: 'text', nullable: true })
  domain!: string | null;

  @Column({ type: 'text', default: 'active' })
  status!: OrganizationStatus;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt!: Date;

  /** Counts the changes of the row, from 1: what a conditional change compares. */
  @VersionColumn({ type: 'integer', default: 1 })
  version!: number;
}
