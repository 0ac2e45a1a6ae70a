import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Database } from '../../database';
import { createMembership } from '../../use-cases/create-membership';
import { readMembership } from '../../use-cases/read-membership';
import { TAGS } from '../documentation';
import { idParams } from '../schemas/id';
import { membership, newMembership } from '../schemas/membership';
import { problemResponses } from '../schemas/problem';

/** Routes of memberships. Their lists are found under users and organizations. */
export function membershipRoutes(database: Database): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/memberships',
      {
        schema: {
          tags: [TAGS.memberships],
          summary: 'Make a user a member of an organization',
          body: newMembership,
          response: {
            201: membership,
            ...problemResponses(
              'validation',
              'malformed-json',
              'already-exists',
              'outcome-unknown',
              'body-too-large',
              'unsupported-media-type',
              'reference-missing',
            ),
          },
        },
      },
      async (request, reply) => {
        const created = await createMembership(database, request.body);
        return reply.code(201).header('location', `/v1/memberships/${created.id}`).send(created);
      },
    );
    app.get(
      '/memberships/:id',
      {
        schema: {
          tags: [TAGS.memberships],
          summary: 'Read a membership',
          params: idParams,
          response: { 200: membership, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => reply.code(200).send(await readMembership(database, request.params.id)),
    );
  };
}
