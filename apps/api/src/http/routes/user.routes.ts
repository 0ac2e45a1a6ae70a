import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { createUser } from '../../use-cases/create-user';

import { listOrganizationsOfUser } from '../../use-cases/list-organizations-of-user';
import { listRecentlyActiveUsers } from '../../use-cases/list-recently-active-users';
import { listUsers, type UserQuestion } from '../../use-cases/list-users';
import { readUser } from '../../use-cases/read-user';
import { updateUser } from '../../use-cases/update-user';
import { readExpectedVersions, renderTag, tagAnswer } from '../conditional';
import { TAGS } from '../documentation';
import { answerCreated, answerPost } from '../idempotent-post';
import type { DatabaseOf } from '../request-timeout';
import { idParams } from '../schemas/id';
import { organizationOfUserPage } from '../schemas/membership';
import { notModified } from '../schemas/no-content';
import { BODY_PROBLEMS, CHANGE_PROBLEMS, POST_PROBLEMS, problemResponses } from '../schemas/problem';
import { renderChoice } from '../schemas/query-choice';
import {
  newUser,
  recentlyActiveQuery,
  USER_CHOICES,
  user,
  userChange,
  userPage,
  usersQuery,
} from '../schemas/user';

/** Routes of users. */
export function userRoutes(databaseOf: DatabaseOf): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/users',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.users],
          summary: 'Create a user',
          body: newUser,
          response: {
            201: user,
            ...problemResponses(...BODY_PROBLEMS, 'text-not-storable', 'already-exists', ...POST_PROBLEMS),
          },
        },
      },
      async (request, reply) => {
        return answerPost(databaseOf(request), request, reply, {
          run: (database) => createUser(database, request.body),
          answer: (created) => answerCreated('/v1/users', created),
        });
      },
    );
    app.get(
      '/users',
      {
        config: { scope: 'read' },
        schema: {
          tags: [TAGS.users],
          summary: 'List users',
          description: `One of ${USER_CHOICES.map((choice) => `\`${renderChoice(choice)}\``).join(', ')}. By status and role newest first; by name in order of last names, in one page.`,
          querystring: usersQuery,
          response: { 200: userPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) =>
        reply.code(200).send(await listUsers(databaseOf(request), questionOf(request.query))),
    );
    app.get(
      '/users/recently-active',
      {
        config: { scope: 'read' },
        schema: {
          tags: [TAGS.users],
          summary: 'List active users by their latest login',
          querystring: recentlyActiveQuery,
          response: { 200: userPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) =>
        reply.code(200).send(await listRecentlyActiveUsers(databaseOf(request), request.query)),
    );
    app.get(
      '/users/:id',
      {
        config: { scope: 'read', provesKey: true },
        schema: {
          tags: [TAGS.users],
          summary: 'Read a user',
          params: idParams,
          response: { 200: user, 304: notModified, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => {
        const found = await readUser(databaseOf(request), request.params.id);
        if (tagAnswer(request, reply, found)) return reply.code(304).send();
        return reply.code(200).send(found);
      },
    );
    app.patch(
      '/users/:id',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.users],
          summary: 'Change a user',
          description:
            'What is left out stays, and null clears. `If-Match` names the version that the change is meant for.',
          params: idParams,
          body: userChange,
          response: {
            200: user,
            ...problemResponses(...BODY_PROBLEMS, ...CHANGE_PROBLEMS, 'text-not-storable', 'already-exists'),
          },
        },
      },
      async (request, reply) => {
        const expected = readExpectedVersions(request);
        const changed = await updateUser(databaseOf(request), request.params.id, request.body, expected);
        return reply.code(200).header('etag', renderTag(changed)).send(changed);
      },
    );
    app.get(
      '/users/:id/organizations',
      {
        config: { scope: 'read' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'List where a user belongs or is invited to',
          params: idParams,
          response: { 200: organizationOfUserPage, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => {
        const items = await listOrganizationsOfUser(databaseOf(request), request.params.id);
        return reply.code(200).send({ items, nextCursor: null });
      },
    );
  };
}

/** The question a query asks. `usersQuery` let through only those that ask exactly one. */
function questionOf({
  status,
  role,
  firstName,
  lastNamePrefix,
  email,
  externalId = '',
  limit,
  cursor,
}: z.infer<typeof usersQuery>): UserQuestion {
  if (status !== undefined && role !== undefined)
    return { by: 'status-and-role', status, role, limit, cursor };
  if (firstName !== undefined) return { by: 'name', firstName, lastNamePrefix, limit };
  if (email !== undefined) return { by: 'email', email };
  return { by: 'external-id', externalId };
}
