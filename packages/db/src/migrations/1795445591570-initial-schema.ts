import { inTransaction } from '@holdfast/online-schema/migration';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables, columns and constraints, in one transaction. */
export class InitialSchema1795445591570 implements MigrationInterface {
  readonly name = 'InitialSchema1795445591570';
  readonly transaction = true;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "organizations" (
        "id" uuid NOT NULL,
        "external_id" text,
        "name" text NOT NULL,
        "domain" text,
        "status" text NOT NULL DEFAULT 'active',
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "version" integer NOT NULL DEFAULT '1',
        CONSTRAINT "organizations_status_check" CHECK ("status" in ('active', 'suspended', 'archived')),
        CONSTRAINT "organizations_name_check" CHECK (length("name") between 1 and 200),
        CONSTRAINT "organizations_pkey" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "users" (
        "id" uuid NOT NULL,
        "external_id" text,
        "email" text,
        "first_name" text,
        "last_name" text,
        "status" text NOT NULL DEFAULT 'active',
        "role" text NOT NULL DEFAULT 'member',
        "last_login_at" TIMESTAMP(3) WITH TIME ZONE,
        "current_login_at" TIMESTAMP(3) WITH TIME ZONE,
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "version" integer NOT NULL DEFAULT '1',
        CONSTRAINT "users_role_check" CHECK ("role" in ('owner', 'admin', 'member', 'service')),
        CONSTRAINT "users_status_check" CHECK (
          "status" in ('active', 'invited', 'suspended', 'deleted')
        ),
        CONSTRAINT "users_email_check" CHECK (
          "email" like '%_@_%'
          and length("email") <= 320
        ),
        CONSTRAINT "users_pkey" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "api_keys" (
        "id" uuid NOT NULL,
        "user_id" uuid NOT NULL,
        "organization_id" uuid,
        "key_hash" bytea NOT NULL,
        "name" text NOT NULL DEFAULT 'unnamed',
        "prefix" text NOT NULL DEFAULT '',
        "scopes" text array NOT NULL DEFAULT '{}',
        "status" text NOT NULL DEFAULT 'active',
        "rotated_to" uuid,
        "expires_at" TIMESTAMP(3) WITH TIME ZONE,
        "last_used_at" TIMESTAMP(3) WITH TIME ZONE,
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "version" integer NOT NULL DEFAULT '1',
        CONSTRAINT "api_keys_scopes_check" CHECK (
          "scopes" <@ array[
            'read',
            'write',
            'events:read',
            'events:append',
            'keys',
            'operate'
          ]
        ),
        CONSTRAINT "api_keys_name_check" CHECK (length("name") between 1 and 100),
        CONSTRAINT "api_keys_status_check" CHECK ("status" in ('active', 'inactive', 'revoked')),
        CONSTRAINT "api_keys_key_hash_check" CHECK (octet_length("key_hash") = 32),
        CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "events" (
        "aggregate_type" text NOT NULL,
        "aggregate_id" uuid NOT NULL,
        "aggregate_version" integer NOT NULL,
        "id" uuid NOT NULL,
        "transaction_id" xid8 NOT NULL DEFAULT pg_current_xact_id(),
        "global_position" BIGSERIAL NOT NULL,
        "event_type" text NOT NULL,
        "event_timestamp" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "organization_id" uuid,
        "user_id" uuid,
        "correlation_id" uuid,
        "idempotency_key" text,
        "tags" text array NOT NULL DEFAULT '{}',
        "payload" jsonb NOT NULL,
        "processed" boolean NOT NULL DEFAULT false,
        "retry_count" smallint NOT NULL DEFAULT '0',
        "last_error" text,
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        CONSTRAINT "events_payload_check" CHECK (jsonb_typeof("payload") = 'object'),
        CONSTRAINT "events_retry_count_check" CHECK ("retry_count" >= 0),
        CONSTRAINT "events_aggregate_version_check" CHECK ("aggregate_version" >= 1),
        CONSTRAINT "idx_events_aggregate_timeline" PRIMARY KEY (
          "aggregate_type",
          "aggregate_id",
          "aggregate_version"
        )
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "event_leases" (
        "aggregate_type" text NOT NULL,
        "aggregate_id" uuid NOT NULL,
        "aggregate_version" integer NOT NULL,
        "token" uuid,
        "lease_until" TIMESTAMP(3) WITH TIME ZONE,
        "not_before" TIMESTAMP(3) WITH TIME ZONE,
        CONSTRAINT "event_leases_pkey" PRIMARY KEY (
          "aggregate_type",
          "aggregate_id",
          "aggregate_version"
        )
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "idempotency_keys" (
        "scope" text NOT NULL,
        "key" text NOT NULL,
        "fingerprint" bytea NOT NULL,
        "call_id" uuid NOT NULL,
        "status" smallint NOT NULL,
        "headers" jsonb NOT NULL,
        "body" text NOT NULL,
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        CONSTRAINT "idempotency_keys_fingerprint_check" CHECK (octet_length("fingerprint") = 32),
        CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("scope", "key")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "user_organizations" (
        "id" uuid NOT NULL,
        "user_id" uuid NOT NULL,
        "organization_id" uuid NOT NULL,
        "role" text NOT NULL DEFAULT 'member',
        "status" text NOT NULL DEFAULT 'active',
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
        "version" integer NOT NULL DEFAULT '1',
        CONSTRAINT "user_organizations_status_check" CHECK (
          "status" in ('active', 'pending', 'suspended', 'removed')
        ),
        CONSTRAINT "user_organizations_role_check" CHECK ("role" in ('owner', 'admin', 'member')),
        CONSTRAINT "user_organizations_pkey" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "api_keys"
      ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "api_keys"
      ADD CONSTRAINT "api_keys_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "user_organizations"
      ADD CONSTRAINT "user_organizations_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "user_organizations"
      ADD CONSTRAINT "user_organizations_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations" ("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await inTransaction(queryRunner, async () => {
      await queryRunner.query(`
        ALTER TABLE "user_organizations"
        DROP CONSTRAINT "user_organizations_organization_id_fkey"
      `);
      await queryRunner.query(`
        ALTER TABLE "user_organizations"
        DROP CONSTRAINT "user_organizations_user_id_fkey"
      `);
      await queryRunner.query(`
        ALTER TABLE "api_keys"
        DROP CONSTRAINT "api_keys_organization_id_fkey"
      `);
      await queryRunner.query(`
        ALTER TABLE "api_keys"
        DROP CONSTRAINT "api_keys_user_id_fkey"
      `);
      await queryRunner.query(`DROP TABLE "user_organizations"`);
      await queryRunner.query(`DROP TABLE "idempotency_keys"`);
      await queryRunner.query(`DROP TABLE "event_leases"`);
      await queryRunner.query(`DROP TABLE "events"`);
      await queryRunner.query(`DROP TABLE "api_keys"`);
      await queryRunner.query(`DROP TABLE "users"`);
      await queryRunner.query(`DROP TABLE "organizations"`);
    });
  }
}
