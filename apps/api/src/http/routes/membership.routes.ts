import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { createMembership } from '../../use-cases/create-membership';
import { deleteMembership } from '../../use-cases/delete-membership';

import { readMembership } from '../../use-cases/read-membership';
import { updateMembership } from '../../use-cases/update-membership';
import { readExpectedVersions, renderTag, tagAnswer } from '../conditional';
import { TAGS } from '../documentation';
import { answerCreated, answerPost } from '../idempotent-post';
import type { DatabaseOf } from '../request-timeout';
import { idParams } from '../schemas/id';
import { membership, membershipChange, newMembership } from '../schemas/membership';
import { noContent, notModified } from '../schemas/no-content';
import {
  BODY_PROBLEMS,
  CHANGE_PROBLEMS,
  POST_PROBLEMS,
  problemResponses,
  STRAY_BODY_PROBLEMS,
} from '../schemas/problem';

/** Routes of memberships. Their lists are found under users and organizations. */
export function membershipRoutes(databaseOf: DatabaseOf): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/memberships',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'Make a user a member of an organization',
          body: newMembership,
          response: {
            201: membership,
            ...problemResponses(...BODY_PROBLEMS, 'already-exists', ...POST_PROBLEMS, 'reference-missing'),
          },
        },
      },
      async (request, reply) => {
        return answerPost(databaseOf(request), request, reply, {
          run: (database) => createMembership(database, request.body),
          answer: (created) => answerCreated('/v1/memberships', created),
        });
      },
    );
    app.get(
      '/memberships/:id',
      {
        config: { scope: 'read' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'Read a membership',
          params: idParams,
          response: { 200: membership, 304: notModified, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => {
        const found = await readMembership(databaseOf(request), request.params.id);
        if (tagAnswer(request, reply, found)) return reply.code(304).send();
        return reply.code(200).send(found);
      },
    );
    app.patch(
      '/memberships/:id',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'Change a membership',
          description:
            'What is left out stays, and null clears. `If-Match` names the version that the change is meant for.',
          params: idParams,
          body: membershipChange,
          response: {
            200: membership,
            ...problemResponses(...BODY_PROBLEMS, ...CHANGE_PROBLEMS),
          },
        },
      },
      async (request, reply) => {
        const expected = readExpectedVersions(request);
        const changed = await updateMembership(
          databaseOf(request),
          request.params.id,
          request.body,
          expected,
        );
        return reply.code(200).header('etag', renderTag(changed)).send(changed);
      },
    );
    app.delete(
      '/memberships/:id',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'End a membership',
          description: '`If-Match` names the version that is meant.',
          params: idParams,
          response: {
            204: noContent,
            ...problemResponses('validation', ...STRAY_BODY_PROBLEMS, ...CHANGE_PROBLEMS),
          },
        },
      },
      async (request, reply) => {
        await deleteMembership(databaseOf(request), request.params.id, readExpectedVersions(request));
        return reply.code(204).send();
      },
    );
  };
}
