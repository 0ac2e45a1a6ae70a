import { dropIndex, ensureIndex } from '@holdfast/online-schema/migration';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Indexes, built and dropped without blocking writers; each is valid before the next is begun. */
export class InitialSchemaIndexes1795445591571 implements MigrationInterface {
  readonly name = 'InitialSchemaIndexes1795445591571';
  readonly transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await ensureIndex(queryRunner, {
      table: 'organizations',
      name: 'idx_organizations_name_trgm',
      keys: ['"name" gin_trgm_ops'],
      method: 'gin',
      requires: ['pg_trgm'],
    });
    await ensureIndex(queryRunner, {
      table: 'organizations',
      name: 'idx_organizations_domain',
      keys: ['(lower("domain"))'],
      unique: true,
      where: '"domain" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'organizations',
      name: 'idx_organizations_status_created',
      keys: ['"status"', '"created_at" DESC', '"id" DESC'],
    });
    await ensureIndex(queryRunner, {
      table: 'organizations',
      name: 'idx_organizations_external_id',
      keys: ['"external_id"'],
      unique: true,
      where: '"external_id" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'users',
      name: 'idx_users_email_lower',
      keys: ['(lower("email"))'],
      unique: true,
    });
    await ensureIndex(queryRunner, {
      table: 'users',
      name: 'idx_users_name_search',
      keys: ['(lower("first_name")) COLLATE "C"', '(lower("last_name")) COLLATE "C"', '"id"'],
      where: '"first_name" is not null and "last_name" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'users',
      name: 'idx_users_last_name',
      keys: ['(lower("last_name")) COLLATE "C"', '"id"'],
      where: '"last_name" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'users',
      name: 'idx_users_status_role',
      keys: ['"status"', '"role"', '"created_at" DESC', '"id" DESC'],
    });
    await ensureIndex(queryRunner, {
      table: 'users',
      name: 'idx_users_login_activity',
      keys: ['"last_login_at" DESC NULLS LAST', '"id" DESC'],
      where: '"status" = \'active\'',
    });
    await ensureIndex(queryRunner, {
      table: 'users',
      name: 'idx_users_external_id',
      keys: ['"external_id"'],
      unique: true,
      where: '"external_id" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'api_keys',
      name: 'idx_api_keys_key_hash',
      keys: ['"key_hash"'],
      unique: true,
    });
    await ensureIndex(queryRunner, {
      table: 'api_keys',
      name: 'idx_api_keys_user_status',
      keys: ['"user_id"', '"status"', '"id"'],
    });
    await ensureIndex(queryRunner, {
      table: 'api_keys',
      name: 'idx_api_keys_org_status',
      keys: ['"organization_id"', '"status"', '"id"'],
      where: '"organization_id" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'api_keys',
      name: 'idx_api_keys_expires',
      keys: ['"expires_at"', '"id"'],
      where: '"expires_at" is not null and "status" = \'active\'',
    });
    await ensureIndex(queryRunner, {
      table: 'api_keys',
      name: 'idx_api_keys_usage',
      keys: ['"last_used_at" DESC NULLS LAST', '"id" DESC'],
      where: '"status" = \'active\'',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_id',
      keys: ['"id"'],
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_global_position',
      keys: ['"global_position"'],
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_idempotency',
      keys: ['"aggregate_id"', '"idempotency_key"'],
      unique: true,
      where: '"idempotency_key" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_type_timeline',
      keys: ['"event_type"', '"event_timestamp"'],
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_org_timeline',
      keys: ['"organization_id"', '"event_timestamp"'],
      where: '"organization_id" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_user_timeline',
      keys: ['"user_id"', '"event_timestamp"'],
      where: '"user_id" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_correlation',
      keys: ['"correlation_id"'],
      where: '"correlation_id" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_unprocessed',
      keys: ['"created_at"'],
      where: '"processed" = false and "retry_count" < 5',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_dead_letters',
      keys: ['"created_at"', '"global_position"'],
      where: '"processed" = false and "retry_count" >= 5',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_org_type_timeline',
      keys: [
        '(uuid_hash_extended("organization_id", hashtextextended("event_type", 0)))',
        '"event_timestamp"',
      ],
      where: '"organization_id" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_user_type_timeline',
      keys: ['(uuid_hash_extended("user_id", hashtextextended("event_type", 0)))', '"event_timestamp"'],
      where: '"user_id" is not null',
    });
    await ensureIndex(queryRunner, {
      table: 'events',
      name: 'idx_events_tags',
      keys: ['"tags"'],
      method: 'gin',
    });
    await ensureIndex(queryRunner, {
      table: 'idempotency_keys',
      name: 'idx_idempotency_keys_expires',
      keys: ['"expires_at"'],
    });
    await ensureIndex(queryRunner, {
      table: 'user_organizations',
      name: 'idx_user_orgs_user_status',
      keys: ['"user_id"', '"organization_id"'],
      unique: true,
      include: ['status', 'role'],
    });
    await ensureIndex(queryRunner, {
      table: 'user_organizations',
      name: 'idx_user_orgs_org_role',
      keys: ['"organization_id"', '"status"', '"role"', '"id"'],
    });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropIndex(queryRunner, { table: 'user_organizations', name: 'idx_user_orgs_org_role' });
    await dropIndex(queryRunner, { table: 'user_organizations', name: 'idx_user_orgs_user_status' });
    await dropIndex(queryRunner, { table: 'idempotency_keys', name: 'idx_idempotency_keys_expires' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_tags' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_user_type_timeline' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_org_type_timeline' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_dead_letters' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_unprocessed' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_correlation' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_user_timeline' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_org_timeline' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_type_timeline' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_idempotency' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_global_position' });
    await dropIndex(queryRunner, { table: 'events', name: 'idx_events_id' });
    await dropIndex(queryRunner, { table: 'api_keys', name: 'idx_api_keys_usage' });
    await dropIndex(queryRunner, { table: 'api_keys', name: 'idx_api_keys_expires' });
    await dropIndex(queryRunner, { table: 'api_keys', name: 'idx_api_keys_org_status' });
    await dropIndex(queryRunner, { table: 'api_keys', name: 'idx_api_keys_user_status' });
    await dropIndex(queryRunner, { table: 'api_keys', name: 'idx_api_keys_key_hash' });
    await dropIndex(queryRunner, { table: 'users', name: 'idx_users_external_id' });
    await dropIndex(queryRunner, { table: 'users', name: 'idx_users_login_activity' });
    await dropIndex(queryRunner, { table: 'users', name: 'idx_users_status_role' });
    await dropIndex(queryRunner, { table: 'users', name: 'idx_users_last_name' });
    await dropIndex(queryRunner, { table: 'users', name: 'idx_users_name_search' });
    await dropIndex(queryRunner, { table: 'users', name: 'idx_users_email_lower' });
    await dropIndex(queryRunner, { table: 'organizations', name: 'idx_organizations_external_id' });
    await dropIndex(queryRunner, { table: 'organizations', name: 'idx_organizations_status_created' });
    await dropIndex(queryRunner, { table: 'organizations', name: 'idx_organizations_domain' });
    await dropIndex(queryRunner, { table: 'organizations', name: 'idx_organizations_name_trgm' });
  }
}
