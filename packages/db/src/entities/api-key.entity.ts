import { desc, Index, sql } from '@holdfast/online-schema';
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
import { everyOneOf, oneOf } from './one-of';
import { Organization } from './organization.entity';
import { User } from './user.entity';

/** `inactive`: its user, its organization or its user's membership there is suspended. `revoked`: for good. */
export const API_KEY_STATUSES = ['active', 'inactive', 'revoked'] as const;
export type ApiKeyStatus = (typeof API_KEY_STATUSES)[number];

/** What a key may be used for. */
export const API_KEY_SCOPES = ['read', 'write', 'events:read', 'events:append', 'keys', 'operate'] as const;
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

/** A key that a client presents. Only its hash is kept. */
@Entity({ name: 'api_keys' })
@Index('idx_api_keys_key_hash', ['keyHash'], { unique: true })
// Neither of these two is partial by status: each also answers for its foreign key. The id is the order of their pages.
@Index('idx_api_keys_user_status', ['userId', 'status', 'id'])
@Index('idx_api_keys_org_status', ['organizationId', 'status', 'id'], {
  where: sql`${'organizationId'} is not null`,
})
@Index('idx_api_keys_expires', ['expiresAt', 'id'], {
  where: sql`${'expiresAt'} is not null and ${'status'} = 'active'`,
})
@Index('idx_api_keys_usage', [desc('lastUsedAt', { nulls: 'LAST' }), desc('id')], {
  where: sql`${'status'} = 'active'`,
})
@Check('api_keys_key_hash_check', `octet_length("key_hash") = 32`)
@Check('api_keys_status_check', oneOf('status', API_KEY_STATUSES))
@Check('api_keys_name_check', `length("name") between 1 and 100`)
@Check('api_keys_scopes_check', everyOneOf('scopes', API_KEY_SCOPES))
export class ApiKey {
  /** UUID version 7, made by the application. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'api_keys_pkey' })
  id!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** Null for a key that is not bound to one organization. */
  @Column({ name: 'organization_id', type: 'uuid', nullable: true })
  organizationId!: string | null;

  /** 32 bytes; left out of ordinary reads. */
  @Column({ name: 'key_hash', type: 'bytea', select: false })
  keyHash!: Buffer;

  /** What its owner calls it. */
  @Column({ type: 'text', default: 'unnamed' })
  name!: string;

  /** The part of the key that is no secret, by which people tell keys apart; empty where it is not known. */
  @Column({ type: 'text', default: '' })
  prefix!: string;

  @Column({ type: 'text', array: true, default: () => `'{}'` })
  scopes!: ApiKeyScope[];

  @Column({ type: 'text', default: 'active' })
  status!: ApiKeyStatus;

  /** The key that takes its place; then this one only runs out. Without a foreign key: a trace, not a reference. */
  @Column({ name: 'rotated_to', type: 'uuid', nullable: true })
  rotatedTo!: string | null;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3, nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', precision: 3, nullable: true })
  lastUsedAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt!: Date;

  /** Counts the changes of the row, from 1: what a conditional change compares. */
  @VersionColumn({ type: 'integer', default: 1 })
  version!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'api_keys_user_id_fkey' })
  user?: Relation<User>;

  @ManyToOne(() => Organization, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'organization_id', foreignKeyConstraintName: 'api_keys_organization_id_fkey' })
  organization?: Relation<Organization>;
}
