import { APPEND_LIMITS, QUERY_LIMITS, type StreamsAppendRequest } from '@holdfast/db';
import { z } from 'zod';
import { appendRequestOf, appendStream, MAX_APPEND_EVENTS, requireKeys } from './append';
import { event, eventType, tag } from './event';
import { id } from './id';
import { cursor, limit } from './page';

const query = z
  .array(
    z
      .strictObject({
        types: z.array(eventType).min(1).max(QUERY_LIMITS.types).optional().meta({
          description: 'Matches an event whose type is one of them.',
        }),
        tags: z.array(tag).max(QUERY_LIMITS.tags).optional().meta({
          description: 'Matches an event that has all of them. The narrowest first.',
        }),
      })
      .refine(
        ({ types, tags = [] }) => types !== undefined || tags.length > 0,
        'Invalid item: it needs types or tags; without either it matches every event',
      ),
  )
  .min(1)
  .max(QUERY_LIMITS.items)
  .meta({ description: 'Matches an event that any of its items matches.' });

/** Longest token of what a reader has seen: it names every transaction that ran. */
const MAX_SEEN_LENGTH = 20_000;

export const appendStreamsRequest = z
  .strictObject({
    streams: z.array(appendStream).min(1).max(APPEND_LIMITS.streams),
    condition: z
      .strictObject({
        query,
        after: z.string().min(1).max(MAX_SEEN_LENGTH).optional().meta({
          description: '`after` of the query that was decided from. Left out: no event at all may match.',
        }),
      })
      .optional()
      .meta({ description: 'What must not have happened; checked together with the versions.' }),
  })
  .superRefine(({ streams }, context) => {
    const events = streams.flatMap((stream) => stream.events);
    if (events.length > MAX_APPEND_EVENTS) {
      const message = `Too many: ${events.length} events; allowed are ${MAX_APPEND_EVENTS} in all streams together`;
      context.addIssue({ code: 'custom', path: ['streams'], message });
    }
    const isKeyed = events.some(({ idempotencyKey }) => idempotencyKey !== undefined);
    for (const [at, stream] of streams.entries()) {
      requireKeys(stream.events, isKeyed, (path, message) =>
        context.addIssue({ code: 'custom', path: ['streams', at, ...path], message }),
      );
    }
  })
  .meta({
    id: 'AppendStreamsRequest',
    examples: [
      {
        streams: [
          {
            aggregateType: 'user',
            aggregateId: '0190f6b3-1a2b-7c3e-8d2a-2f6d0c9b8a72',
            expectedVersion: 0,
            events: [{ eventType: 'username.claimed', payload: {}, tags: ['username:ada'] }],
          },
        ],
        condition: { query: [{ tags: ['username:ada'] }] },
      },
    ],
  });

export const appendStreamsResult = z
  .object({
    appended: z.boolean().meta({
      description: 'False: an earlier append with these keys wrote the events, and this one nothing.',
    }),
    streams: z
      .array(z.array(z.object({ id, aggregateVersion: z.int(), globalPosition: z.string() })).readonly())
      .readonly()
      .meta({ description: 'For each stream of the request, in its order, what was written to it.' }),
  })
  .meta({ id: 'AppendStreamsResult' });

/** The request as the domain takes it. */
export function appendStreamsRequestOf({
  streams,
  condition,
}: z.infer<typeof appendStreamsRequest>): StreamsAppendRequest {
  return { streams: streams.map(appendRequestOf), condition };
}

export const eventsByQueryRequest = z
  .strictObject({ query, limit: limit.optional(), cursor: cursor.max(2 * MAX_SEEN_LENGTH).optional() })
  .meta({ id: 'EventQueryRequest', examples: [{ query: [{ tags: ['username:ada'] }] }] });

export const eventsByQueryResult = z
  .object({
    items: z.array(event).readonly(),
    nextCursor: z.string().nullable().meta({
      description: 'Give it back as `cursor` for the next part; null where this is the last one.',
    }),
    after: z.string().meta({
      description:
        'What was seen: give it back in the condition of the append that is decided from all parts.',
    }),
  })
  .meta({ id: 'EventQueryResult' });
