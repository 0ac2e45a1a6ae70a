import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { Database } from '../../database';
import { createUser } from '../../use-cases/create-user';
import { listOrganizationsOfUser } from '../../use-cases/list-organizations-of-user';
import { listRecentlyActiveUsers } from '../../use-cases/list-recently-active-users';
import { listUsers, type UserQuestion } from '../../use-cases/list-users';
import { readUser } from '../../use-cases/read-user';
import { TAGS } from '../documentation';
import { idParams } from '../schemas/id';
import { organizationOfUserPage } from '../schemas/membership';
import { problemResponses } from '../schemas/problem';
import { renderChoice } from '../schemas/query-choice';
import { newUser, recentlyActiveQuery, USER_CHOICES, user, userPage, usersQuery } from '../schemas/user';

/** Routes of users. */
export function userRoutes(database: Database): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/users',
      {
        schema: {
          tags: [TAGS.users],
          summary: 'Create a user',
          body: newUser,
          response: {
            201: user,
            ...problemResponses(
              'validation',
              'malformed-json',
              'text-not-storable',
              'already-exists',
              'outcome-unknown',
              'body-too-large',
              'unsupported-media-type',
            ),
          },
        },
      },
      async (request, reply) => {
        const created = await createUser(database, request.body);
        return reply.code(201).header('location', `/v1/users/${created.id}`).send(created);
      },
    );
    app.get(
      '/users',
      {
        schema: {
          tags: [TAGS.users],
          summary: 'List users',
          description: `One of ${USER_CHOICES.map((choice) => `\`${renderChoice(choice)}\``).join(', ')}. By status and role newest first; by name in order of last names, in one page.`,
          querystring: usersQuery,
          response: { 200: userPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) => reply.code(200).send(await listUsers(database, questionOf(request.query))),
    );
    app.get(
      '/users/recently-active',
      {
        schema: {
          tags: [TAGS.users],
          summary: 'List active users by their latest login',
          querystring: recentlyActiveQuery,
          response: { 200: userPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) => reply.code(200).send(await listRecentlyActiveUsers(database, request.query)),
    );
    app.get(
      '/users/:id',
      {
        schema: {
          tags: [TAGS.users],
          summary: 'Read a user',
          params: idParams,
          response: { 200: user, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => reply.code(200).send(await readUser(database, request.params.id)),
    );
    app.get(
      '/users/:id/organizations',
      {
        schema: {
          tags: [TAGS.memberships],
          summary: 'List where a user belongs or is invited to',
          params: idParams,
          response: { 200: organizationOfUserPage, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => {
        const items = await listOrganizationsOfUser(database, request.params.id);
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
