import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { appendManyStreams } from '../../use-cases/append-to-streams';
import { queryEvents } from '../../use-cases/query-events';
import { TAGS } from '../documentation';
import { answerPost } from '../idempotent-post';
import type { DatabaseOf } from '../request-timeout';
import {
  appendStreamsRequest,
  appendStreamsRequestOf,
  appendStreamsResult,
  eventsByQueryRequest,
  eventsByQueryResult,
} from '../schemas/append-streams';
import { BODY_PROBLEMS, POST_PROBLEMS, problemResponses } from '../schemas/problem';

/** Appends to several streams, under conditions, and the questions that those are decided from. */
export function appendRoutes(databaseOf: DatabaseOf, announce: () => void): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/events/append',
      {
        config: { scope: 'events:append' },
        schema: {
          tags: [TAGS.events],
          summary: 'Append events to several streams, under a condition',
          description:
            'All are written, or none: 201. When a stream is not at its `expectedVersion`, 409 `version-conflict`. When an event ' +
            'that the condition matches was written after the query that `after` is from, 409 `condition-failed`: ask again, ' +
            'decide again, append again. Idempotency keys of events work as for one stream.',
          body: appendStreamsRequest,
          response: {
            201: appendStreamsResult,
            200: appendStreamsResult,
            ...problemResponses(
              ...BODY_PROBLEMS,
              'text-not-storable',
              'version-conflict',
              'condition-failed',
              ...POST_PROBLEMS,
            ),
          },
        },
      },
      async (request, reply) => {
        const answered = await answerPost(databaseOf(request), request, reply, {
          run: (database) => appendManyStreams(database, appendStreamsRequestOf(request.body)),
          answer: (result) => ({ status: result.appended ? 201 : 200, headers: {}, body: result }),
        });
        announce();
        return answered;
      },
    );
    app.post(
      '/events/query',
      {
        config: { scope: 'events:read' },
        schema: {
          tags: [TAGS.events],
          summary: 'Ask for the events that a decision rests on',
          description:
            'As one moment shows them, in the order of positions. Writes nothing. `after` goes into the condition of the ' +
            'append that is decided from them.',
          body: eventsByQueryRequest,
          response: {
            200: eventsByQueryResult,
            ...problemResponses(...BODY_PROBLEMS, 'text-not-storable', 'invalid-cursor'),
          },
        },
      },
      async (request, reply) => {
        const { query, ...page } = request.body;
        const { events, after, nextCursor } = await queryEvents(databaseOf(request), query, page);
        return reply.code(200).send({ items: events, nextCursor, after });
      },
    );
  };
}
