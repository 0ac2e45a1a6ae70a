import { APPEND_LIMITS, MAX_PAGE_LIMIT } from '@holdfast/db';
import { z } from 'zod';
import { aggregateId, correlationId, id, organizationId, userId } from './id';
import { cursor, limit, pageOf } from './page';
import { queryOf } from './query-choice';
import { text } from './text';
import { timestamp } from './timestamp';

export const aggregateType = text(APPEND_LIMITS.typeLength).meta({ examples: ['invoice'] });
export const eventType = text(APPEND_LIMITS.typeLength).meta({ examples: ['invoice.paid'] });
export const tag = text(APPEND_LIMITS.tagLength).meta({ examples: ['order:1042'] });

export const event = z
  .object({
    id,
    aggregateType: z.string(),
    aggregateId: id,
    aggregateVersion: z.int(),
    globalPosition: z
      .string()
      .meta({ description: 'Place in the whole log, as digits: it may exceed the numbers of JavaScript.' }),
    eventType: z.string(),
    eventTimestamp: timestamp,
    organizationId: id.nullable(),
    userId: id.nullable(),
    correlationId: id.nullable(),
    idempotencyKey: z.string().nullable(),
    tags: z.array(z.string()),
    payload: z.record(z.string(), z.unknown()),
    createdAt: timestamp,
  })
  .meta({
    id: 'Event',
    examples: [
      {
        id: '0190f6b5-5e6f-7c3e-8d2a-4f6d0c9b8a74',
        aggregateType: 'invoice',
        aggregateId: '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73',
        aggregateVersion: 4,
        globalPosition: '18204',
        eventType: 'invoice.paid',
        eventTimestamp: '2026-01-31T09:30:00.000Z',
        organizationId: '0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71',
        userId: null,
        correlationId: null,
        idempotencyKey: 'payment-77',
        tags: ['order:1042'],
        payload: { amountCents: 4200, currency: 'EUR' },
        createdAt: '2026-01-31T09:30:00.120Z',
      },
    ],
  });

export const eventPage = pageOf(event);

export const EVENT_CHOICES = [
  ['organizationId', 'type?', 'limit?', 'cursor?'],
  ['userId', 'type?', 'limit?', 'cursor?'],
  ['type', 'limit?', 'cursor?'],
  ['tag', 'limit?', 'cursor?'],
  ['correlationId'],
] as const;

export const eventsQuery = queryOf(
  {
    organizationId: organizationId.optional(),
    userId: userId.optional(),
    type: eventType.optional(),
    tag: z
      .union([tag, z.array(tag).min(1).max(20)])
      .meta({ description: 'Repeat it to ask for events that carry every one of the tags.' })
      .optional(),
    correlationId: correlationId.optional(),
    limit: limit.optional(),
    cursor: cursor.optional(),
  },
  EVENT_CHOICES,
);

export const streamParams = z.strictObject({ aggregateType, aggregateId });

export const streamQuery = z.strictObject({
  fromVersion: z.coerce
    .number({ error: 'Invalid input: expected a whole number from 1' })
    .int()
    .min(1)
    .max(APPEND_LIMITS.version)
    .default(1)
    .meta({ description: 'First version wanted.' }),
  limit: limit.default(MAX_PAGE_LIMIT),
});

export const streamSlice = z.object({
  items: z.array(event).readonly(),
  nextFromVersion: z
    .int()
    .min(1)
    .nullable()
    .meta({ description: 'Give it back as `fromVersion` to read on; null at the end of the stream.' }),
});
