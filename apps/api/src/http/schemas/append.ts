import type { AppendRequest } from '@holdfast/db';
import { z } from 'zod';
import { aggregateType, eventType, MAX_VERSION, tag } from './event';
import { aggregateId, correlationId, id, organizationId, userId } from './id';
import { payload } from './payload';
import { text } from './text';
import { givenTimestamp } from './timestamp';

/** Events that one append may hold. */
const MAX_APPEND_EVENTS = 1_000;

const newEvent = z.strictObject({
  eventType,
  payload,
  eventTimestamp: givenTimestamp
    .optional()
    .meta({ description: 'When it happened; by default now.', examples: ['2026-01-31T09:30:00.000Z'] }),
  organizationId: organizationId.nullish(),
  userId: userId.nullish(),
  correlationId: correlationId.nullish(),
  tags: z.array(tag).max(50).optional(),
  idempotencyKey: text(200).optional().meta({
    description: 'A second append to the aggregate with the same keys writes nothing and is answered alike.',
  }),
});

export const appendRequest = z
  .strictObject({
    aggregateType,
    aggregateId,
    expectedVersion: z
      .int()
      .min(0)
      .max(MAX_VERSION - MAX_APPEND_EVENTS)
      .meta({
        description: 'Version of the last event you have seen; 0 for a stream that must not exist yet.',
      }),
    events: z.array(newEvent).min(1).max(MAX_APPEND_EVENTS),
  })
  .superRefine(({ events }, context) => {
    const seen = new Set<string>();
    for (const [at, { idempotencyKey }] of events.entries()) {
      if (idempotencyKey === undefined) continue;
      if (seen.has(idempotencyKey)) {
        context.addIssue({
          code: 'custom',
          path: ['events', at, 'idempotencyKey'],
          message: 'Invalid key: another event of this append has it',
        });
      }
      seen.add(idempotencyKey);
    }
  })
  .meta({
    id: 'AppendRequest',
    examples: [
      {
        aggregateType: 'invoice',
        aggregateId: '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73',
        expectedVersion: 0,
        events: [
          {
            eventType: 'invoice.paid',
            payload: { amountCents: 4200, currency: 'EUR' },
            tags: ['order:1042'],
            idempotencyKey: 'payment-77',
          },
        ],
      },
    ],
  });

export const appendResult = z
  .object({
    appended: z.boolean().meta({
      description: 'False: an earlier append with these keys wrote the events, and this one nothing.',
    }),
    events: z.array(z.object({ id: id, aggregateVersion: z.int(), globalPosition: z.string() })).readonly(),
  })
  .meta({ id: 'AppendResult' });

/**
 * The request as the domain takes it. Not a transformation inside the schema: what is transformed has no example in the
 * OpenAPI document.
 */
export function appendRequestOf(body: z.infer<typeof appendRequest>): AppendRequest {
  const events = body.events.map(({ eventTimestamp, ...event }) => ({
    ...event,
    ...(eventTimestamp !== undefined && { eventTimestamp: new Date(eventTimestamp) }),
  }));
  return { ...body, events };
}
