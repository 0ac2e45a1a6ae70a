import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { acceptMembership } from '../../use-cases/accept-membership';
import { createMembership } from '../../use-cases/create-membership';
import { deleteMembership } from '../../use-cases/delete-membership';
import { findMembership } from '../../use-cases/find-membership';
import { readMembership } from '../../use-cases/read-membership';
import { updateMembership } from '../../use-cases/update-membership';
import { identityOf } from '../authentication';
import { readExpectedVersions, renderTag, tagAnswer } from '../conditional';
import { TAGS } from '../documentation';
import { answerCreated, answerPost } from '../idempotent-post';
import type { DatabaseOf } from '../request-timeout';
import { idParams } from '../schemas/id';
import {
  memberPage,
  membership,
  membershipChange,
  membershipQuery,
  newMembership,
} from '../schemas/membership';
import { noContent, notModified } from '../schemas/no-content';
import {
  BODY_PROBLEMS,
  CHANGE_PROBLEMS,
  POST_PROBLEMS,
  problemResponses,
  STRAY_BODY_PROBLEMS,
} from '../schemas/problem';

/** Routes of memberships. Lists of many are found under users and organizations. */
export function membershipRoutes(databaseOf: DatabaseOf): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/memberships',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'Make a user a member of an organization, or invite them',
          description:
            'With the status `pending` it is an invitation, which its user accepts. A key of an organization can only invite.',
          body: newMembership,
          response: {
            201: membership,
            ...problemResponses(
              ...BODY_PROBLEMS,
              'forbidden',
              'already-exists',
              ...POST_PROBLEMS,
              'reference-missing',
            ),
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
      '/memberships',
      {
        config: { scope: 'read' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'Find the membership of a user in an organization',
          description: 'In whatever role and status: an invitation too. The one there is, or an empty list.',
          querystring: membershipQuery,
          response: { 200: memberPage, ...problemResponses('validation') },
        },
      },
      async (request, reply) => {
        const { userId, organizationId } = request.query;
        const found = await findMembership(databaseOf(request), userId, organizationId);
        return reply.code(200).send({ items: found === null ? [] : [found], nextCursor: null });
      },
    );
    app.get(
      '/memberships/:id',
      {
        config: { scope: 'read', provesKey: true },
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
            'What is left out stays, and null clears. `If-Match` names the version that the change is meant for. ' +
            'Operators alone make a membership active by this.',
          params: idParams,
          body: membershipChange,
          response: {
            200: membership,
            ...problemResponses(...BODY_PROBLEMS, 'forbidden', ...CHANGE_PROBLEMS),
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
    app.post(
      '/memberships/:id/accept',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'Accept an invitation',
          description:
            'The user whose key this comes with is an active member from then on, also if they were before. The key may be of ' +
            'another organization.',
          params: idParams,
          response: {
            200: membership,
            ...problemResponses(
              'validation',
              ...STRAY_BODY_PROBLEMS,
              'forbidden',
              'not-found',
              'invitation-closed',
              ...POST_PROBLEMS,
            ),
          },
        },
      },
      async (request, reply) =>
        answerPost(databaseOf(request), request, reply, {
          run: (database) => acceptMembership(database, identityOf(request), request.params.id),
          answer: (accepted) => ({ ...answerCreated('/v1/memberships', accepted), status: 200 }),
        }),
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
