import { APPEND_LIMITS, type AppendRequest } from '@holdfast/db';
import { z } from 'zod';
import { aggregateType, eventType, tag } from './event';
import { aggregateId, correlationId, id, organizationId, userId } from './id';
import { payload } from './payload';
import { text } from './text';
import { givenTimestamp } from './timestamp';

/** Events that one append may hold. */
export const MAX_APPEND_EVENTS = 1_000;

export const newEvent = z.strictObject({
  eventType,
  payload,
  eventTimestamp: givenTimestamp
    .optional()
    .meta({ description: 'When it happened; by default now.', examples: ['2026-01-31T09:30:00.000Z'] }),
  organizationId: organizationId.nullish(),
  userId: userId.nullish(),
  correlationId: correlationId.nullish(),
  tags: z.array(tag).max(APPEND_LIMITS.tags).optional(),
  idempotencyKey: text(APPEND_LIMITS.keyLength).optional().meta({
    description:
      'A second append of the same events with the same keys writes nothing and is answered alike. Every event has a key of its own, or none has one.',
  }),
});

/** What is appended to one stream. */
export const appendStream = z.strictObject({
  aggregateType,
  aggregateId,
  expectedVersion: z
    .int()
    .min(0)
    .max(APPEND_LIMITS.version - MAX_APPEND_EVENTS)
    .meta({
      description: 'Version of the last event you have seen; 0 for a stream that must not exist yet.',
    }),
  events: z.array(newEvent).min(1).max(MAX_APPEND_EVENTS),
});

/** Tells which events of a stream have no key although others of the append have, or one that is there twice. */
export function requireKeys(
  events: readonly z.infer<typeof newEvent>[],
  isKeyed: boolean,
  refuse: (path: PropertyKey[], message: string) => void,
): void {
  const seen = new Set<string>();
  for (const [at, { idempotencyKey: key }] of events.entries()) {
    const message =
      key === undefined
        ? isKeyed && 'Invalid input: another event of this append has a key, so this one needs one too'
        : seen.has(key) && 'Invalid key: another event of this append has it';
    if (message) refuse(['events', at, 'idempotencyKey'], message);
    if (key !== undefined) seen.add(key);
  }
}

export const appendRequest = appendStream
  .superRefine(({ events }, context) => {
    const isKeyed = events.some(({ idempotencyKey }) => idempotencyKey !== undefined);
    requireKeys(events, isKeyed, (path, message) => context.addIssue({ code: 'custom', path, message }));
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
  return { ...body, events: body.events.map(newEventOf) };
}

/** An event as the domain takes it. */
export function newEventOf<Given extends z.infer<typeof newEvent>>({ eventTimestamp, ...event }: Given) {
  return { ...event, ...(eventTimestamp !== undefined && { eventTimestamp: new Date(eventTimestamp) }) };
}
