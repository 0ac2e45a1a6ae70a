import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { readStream } from '../../use-cases/read-stream';
import { TAGS } from '../documentation';
import type { DatabaseOf } from '../request-timeout';
import { streamParams, streamQuery, streamSlice } from '../schemas/event';
import { problemResponses } from '../schemas/problem';

/** The stream of one aggregate. */
export function streamRoutes(databaseOf: DatabaseOf): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/streams/:aggregateType/:aggregateId',
      {
        config: { scope: 'events:read' },
        schema: {
          tags: [TAGS.events],
          summary: 'Read the stream of an aggregate',
          description: 'In order of versions. A stream that was never appended to is empty, not missing.',
          params: streamParams,
          querystring: streamQuery,
          response: { 200: streamSlice, ...problemResponses('validation') },
        },
      },
      async (request, reply) => {
        const { aggregateType, aggregateId } = request.params;
        return reply
          .code(200)
          .send(await readStream(databaseOf(request), aggregateType, aggregateId, request.query));
      },
    );
  };
}
