import { Index } from '@holdfast/online-schema';
import {
  Check,
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  type Relation,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';
import { oneOf } from './one-of';
import { Organization } from './organization.entity';
import { User } from './user.entity';

export const MEMBERSHIP_ROLES = ['owner', 'admin', 'member'] as const;
export type MembershipRole = (typeof MEMBERSHIP_ROLES)[number];

export const MEMBERSHIP_STATUSES = ['active', 'pending', 'suspended', 'removed'] as const;
export type MembershipStatus = (typeof MEMBERSHIP_STATUSES)[number];

/** That a user belongs to an organization, and as what. */
@Entity({ name: 'user_organizations' })
// One for three: a user is in an organization once, the foreign key to users, and where a user belongs, from the index alone.
@Index('idx_user_orgs_user_status', ['userId', 'organizationId'], {
  unique: true,
  include: ['status', 'role'],
})
// No predicate: one index answers for members by role and for the foreign key, which a partial one cannot.
@Index('idx_user_orgs_org_role', ['organizationId', 'status', 'role', 'id'])
@Check('user_organizations_role_check', oneOf('role', MEMBERSHIP_ROLES))
@Check('user_organizations_status_check', oneOf('status', MEMBERSHIP_STATUSES))
export class Membership {
  /** UUID version 7, made by the application. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'user_organizations_pkey' })
  id!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ name: 'organization_id', type: 'uuid' })
  organizationId!: string;

  @Column({ type: 'text', default: 'member' })
  role!: MembershipRole;

  @Column({ type: 'text', default: 'active' })
  status!: MembershipStatus;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt!: Date;

  /** Counts the changes of the row, from 1: what a conditional change compares. */
  @VersionColumn({ type: 'integer', default: 1 })
  version!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'user_organizations_user_id_fkey' })
  user?: Relation<User>;

  @ManyToOne(() => Organization, { onDelete: 'CASCADE' })
  @JoinColumn({
    name: 'organization_id',
    foreignKeyConstraintName: 'user_organizations_organization_id_fkey',
  })
  organization?: Relation<Organization>;
}
