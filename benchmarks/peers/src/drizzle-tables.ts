import { sql } from 'drizzle-orm';
import { customType, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** As the driver has it, which is text; Drizzle's own modes make a number or a BigInt of it. */
const textBigint = customType<{ data: string }>({ dataType: () => 'bigint' });

export const users = pgTable('users', {
  id: uuid('id').primaryKey(),
  email: text('email').notNull(),
  name: text('name').notNull(),
  status: text('status').notNull(),
  loginCount: integer('login_count').notNull(),
  balance: textBigint('balance').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true }),
});

export const memberships = pgTable('memberships', {
  id: textBigint('id').primaryKey(),
  organizationId: uuid('organization_id').notNull(),
  userId: uuid('user_id').notNull(),
  role: text('role').notNull(),
  joinedAt: timestamp('joined_at', { withTimezone: true }).notNull(),
});

export const events = pgTable('events', {
  id: textBigint('id').primaryKey(),
  aggregateId: uuid('aggregate_id').notNull(),
  version: integer('version').notNull(),
  type: text('type').notNull(),
  occurredAt: timestamp('occurred_at', { withTimezone: true }).notNull(),
  payload: jsonb('payload').notNull(),
});

export const entries = pgTable('entries', {
  id: textBigint('id').primaryKey().default(sql`default`),
  userId: uuid('user_id').notNull(),
  amount: textBigint('amount').notNull(),
  note: text('note').notNull(),
  status: text('status').notNull().default('booked'),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
});
