import { Index } from '@holdfast/online-schema';
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

const PRIMARY_KEY = 'idempotency_keys_pkey';

/**
 * That a request with an idempotency key was done, and how it was answered. Written in the transaction of what it did: the
 * record is there exactly when the effect is.
 */
@Entity({ name: 'idempotency_keys' })
@Index('idx_idempotency_keys_expires', ['expiresAt'])
@Check('idempotency_keys_fingerprint_check', `octet_length("fingerprint") = 32`)
export class IdempotencyRecord {
  /** Whose keys these are, since two tenants may choose the same one: the id of an organization, or zeros for operators. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: PRIMARY_KEY })
  scope!: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: PRIMARY_KEY })
  key!: string;

  /** SHA-256 of what was asked for. */
  @Column({ type: 'bytea' })
  fingerprint!: Buffer;

  /** Names the one call that wrote the record. */
  @Column({ name: 'call_id', type: 'uuid' })
  callId!: string;

  @Column({ type: 'smallint' })
  status!: number;

  @Column({ type: 'jsonb' })
  headers!: Record<string, string>;

  /** As it was sent, byte for byte. */
  @Column({ type: 'text' })
  body!: string;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  /** From then on the record counts as gone. */
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt!: Date;
}
