import { desc, Index, sql } from '@holdfast/online-schema';
import { Check, Column, Entity, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm';
import { oneOf } from './one-of';

export const USER_STATUSES = ['active', 'invited', 'suspended', 'deleted'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

export const USER_ROLES = ['owner', 'admin', 'member', 'service'] as const;
export type UserRole = (typeof USER_ROLES)[number];

/** A person or a service account. */
@Entity({ name: 'users' })
@Index('idx_users_email_lower', [sql`lower(${'email'})`], { unique: true })
// The order of bytes is one that a prefix is a range of and that pages can be read in, whatever the database's collation.
@Index(
  'idx_users_name_search',
  [
    { expression: sql`lower(${'firstName'})`, collation: 'C' },
    { expression: sql`lower(${'lastName'})`, collation: 'C' },
    'id',
  ],
  { where: sql`${'firstName'} is not null and ${'lastName'} is not null` },
)
@Index('idx_users_last_name', [{ expression: sql`lower(${'lastName'})`, collation: 'C' }, 'id'], {
  where: sql`${'lastName'} is not null`,
})
@Index('idx_users_status_role', ['status', 'role', desc('createdAt'), desc('id')])
@Index('idx_users_login_activity', [desc('lastLoginAt', { nulls: 'LAST' }), desc('id')], {
  where: sql`${'status'} = 'active'`,
})
@Index('idx_users_external_id', ['externalId'], {
  unique: true,
  where: sql`${'externalId'} is not null`,
})
@Check('users_email_check', `"email" like '%_@_%' and length("email") <= 320`)
@Check('users_status_check', oneOf('status', USER_STATUSES))
@Check('users_role_check', oneOf('role', USER_ROLES))
export class User {
  /** UUID version 7, made by the application. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'users_pkey' })
  id!: string;

  /** Where a copied user came from, as `source:id`; null for one that was created here. */
  @Column({ name: 'external_id', type: 'text', nullable: true })
  externalId!: string | null;

  /** As written by the user; unique and found without regard to case. Null where the source has none. */
  @Column({ type: 'text', nullable: true })
  email!: string | null;

  @Column({ name: 'first_name', type: 'text', nullable: true })
  firstName!: string | null;

  @Column({ name: 'last_name', type: 'text', nullable: true })
  lastName!: string | null;

  @Column({ type: 'text', default: 'active' })
  status!: UserStatus;

  @Column({ type: 'text', default: 'member' })
  role!: UserRole;

  /** Start of the session before the current one; null for a user who never logged in. */
  @Column({ name: 'last_login_at', type: 'timestamptz', precision: 3, nullable: true })
  lastLoginAt!: Date | null;

  /** Start of the current session. */
  @Column({ name: 'current_login_at', type: 'timestamptz', precision: 3, nullable: true })
  currentLoginAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt!: Date;

  /** Counts the changes of the row, from 1: what a conditional change compares. */
  @VersionColumn({ type: 'integer', default: 1 })
  version!: number;
}
