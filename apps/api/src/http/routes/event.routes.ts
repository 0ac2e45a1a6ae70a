import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { appendToStream } from '../../use-cases/append-to-stream';
import { type EventQuestion, listEvents } from '../../use-cases/list-events';
import { readEvent } from '../../use-cases/read-event';
import { tagAnswer } from '../conditional';
import { TAGS } from '../documentation';
import { answerPost } from '../idempotent-post';
import type { DatabaseOf } from '../request-timeout';
import { appendRequest, appendRequestOf, appendResult } from '../schemas/append';
import { EVENT_CHOICES, event, eventPage, eventsQuery } from '../schemas/event';
import { idParams } from '../schemas/id';
import { notModified } from '../schemas/no-content';
import { BODY_PROBLEMS, POST_PROBLEMS, problemResponses } from '../schemas/problem';
import { renderChoice } from '../schemas/query-choice';

/** Routes of events across streams, and of the append. */
export function eventRoutes(databaseOf: DatabaseOf, announce: () => void): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/events',
      {
        config: { scope: 'events:append', provesKey: true },
        schema: {
          tags: [TAGS.events],
          summary: 'Append events to a stream',
          description:
            'All are written, or none: 201. When the stream is not at `expectedVersion`, 409. When every event has an ' +
            'idempotency key and an earlier append has written them, 200 with where they stand; so a lost answer is ' +
            'safe to ask for again. When a key was used and this is not that append again, 422.',
          body: appendRequest,
          response: {
            201: appendResult,
            200: appendResult,
            ...problemResponses(...BODY_PROBLEMS, 'text-not-storable', 'version-conflict', ...POST_PROBLEMS),
          },
        },
      },
      async (request, reply) => {
        const { aggregateType, aggregateId } = request.body;
        const stream = `/v1/streams/${encodeURIComponent(aggregateType)}/${aggregateId}`;
        const answered = await answerPost(databaseOf(request), request, reply, {
          run: (database) => appendToStream(database, appendRequestOf(request.body)),
          answer: (result) => ({
            status: result.appended ? 201 : 200,
            headers: { location: `${stream}?fromVersion=${result.events[0]?.aggregateVersion ?? 1}` },
            body: result,
          }),
        });
        announce();
        return answered;
      },
    );
    app.get(
      '/events',
      {
        config: { scope: 'events:read' },
        schema: {
          tags: [TAGS.events],
          summary: 'List events',
          description: `One of ${EVENT_CHOICES.map((choice) => `\`${renderChoice(choice)}\``).join(', ')}. Latest first; by correlation first things first, at most 500, in one page.`,
          querystring: eventsQuery,
          response: { 200: eventPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) =>
        reply.code(200).send(await listEvents(databaseOf(request), questionOf(request.query))),
    );
    app.get(
      '/events/:id',
      {
        config: { scope: 'events:read', provesKey: true },
        schema: {
          tags: [TAGS.events],
          summary: 'Read an event',
          params: idParams,
          response: { 200: event, 304: notModified, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => {
        const found = await readEvent(databaseOf(request), request.params.id);
        if (tagAnswer(request, reply, { version: 1 })) return reply.code(304).send();
        return reply.code(200).send(found);
      },
    );
  };
}

/** The question a query asks. `eventsQuery` let through only those that ask exactly one. */
function questionOf(query: z.infer<typeof eventsQuery>): EventQuestion {
  const { organizationId, userId, type: eventType, tag: tags, correlationId = '', limit, cursor } = query;
  if (organizationId !== undefined) return { by: 'organization', organizationId, eventType, limit, cursor };
  if (userId !== undefined) return { by: 'user', userId, eventType, limit, cursor };
  if (eventType !== undefined) return { by: 'type', eventType, limit, cursor };
  if (tags !== undefined) return { by: 'tags', tags: [tags].flat(), limit, cursor };
  return { by: 'correlation', correlationId };
}
