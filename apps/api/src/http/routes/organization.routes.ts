import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { createOrganization } from '../../use-cases/create-organization';
import { listActivity } from '../../use-cases/list-activity';
import { listMembers } from '../../use-cases/list-members';
import { listOrganizations, type OrganizationQuestion } from '../../use-cases/list-organizations';
import { readOrganization } from '../../use-cases/read-organization';
import { updateOrganization } from '../../use-cases/update-organization';
import { readExpectedVersions, renderTag, tagAnswer } from '../conditional';
import { TAGS } from '../documentation';
import { answerCreated, answerPost } from '../idempotent-post';
import type { DatabaseOf } from '../request-timeout';
import { activityPage } from '../schemas/activity';
import { idParams } from '../schemas/id';
import { memberPage, membersQuery } from '../schemas/membership';
import { notModified } from '../schemas/no-content';
import {
  newOrganization,
  ORGANIZATION_CHOICES,
  organization,
  organizationChange,
  organizationPage,
  organizationsQuery,
} from '../schemas/organization';
import { BODY_PROBLEMS, CHANGE_PROBLEMS, POST_PROBLEMS, problemResponses } from '../schemas/problem';
import { renderChoice } from '../schemas/query-choice';

/** Routes of organizations. */
export function organizationRoutes(databaseOf: DatabaseOf): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/organizations',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.organizations],
          summary: 'Create an organization',
          body: newOrganization,
          response: {
            201: organization,
            ...problemResponses(...BODY_PROBLEMS, 'text-not-storable', 'already-exists', ...POST_PROBLEMS),
          },
        },
      },
      async (request, reply) => {
        return answerPost(databaseOf(request), request, reply, {
          run: (database) => createOrganization(database, request.body),
          answer: (created) => answerCreated('/v1/organizations', created),
        });
      },
    );
    app.get(
      '/organizations',
      {
        config: { scope: 'read' },
        schema: {
          tags: [TAGS.organizations],
          summary: 'List organizations',
          description: `One of ${ORGANIZATION_CHOICES.map((choice) => `\`${renderChoice(choice)}\``).join(', ')}. By status newest first; by name the most similar first, in one page.`,
          querystring: organizationsQuery,
          response: { 200: organizationPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) =>
        reply.code(200).send(await listOrganizations(databaseOf(request), questionOf(request.query))),
    );
    app.get(
      '/organizations/:id',
      {
        config: { scope: 'read', provesKey: true },
        schema: {
          tags: [TAGS.organizations],
          summary: 'Read an organization',
          params: idParams,
          response: { 200: organization, 304: notModified, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => {
        const found = await readOrganization(databaseOf(request), request.params.id);
        if (tagAnswer(request, reply, found)) return reply.code(304).send();
        return reply.code(200).send(found);
      },
    );
    app.patch(
      '/organizations/:id',
      {
        config: { scope: 'write' },
        schema: {
          tags: [TAGS.organizations],
          summary: 'Change an organization',
          description:
            'What is left out stays, and null clears. `If-Match` names the version that the change is meant for.',
          params: idParams,
          body: organizationChange,
          response: {
            200: organization,
            ...problemResponses(...BODY_PROBLEMS, ...CHANGE_PROBLEMS, 'text-not-storable', 'already-exists'),
          },
        },
      },
      async (request, reply) => {
        const expected = readExpectedVersions(request);
        const changed = await updateOrganization(
          databaseOf(request),
          request.params.id,
          request.body,
          expected,
        );
        return reply.code(200).header('etag', renderTag(changed)).send(changed);
      },
    );
    app.get(
      '/organizations/:id/activity',
      {
        config: { scope: 'events:read' },
        schema: {
          tags: [TAGS.organizations],
          summary: 'Read how many events an organization has, by type',
          description:
            'As far as workers have handled them; each event is counted once. Those of most events first, at most 500 types, in one page.',
          params: idParams,
          response: { 200: activityPage, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => {
        const items = await listActivity(databaseOf(request), request.params.id);
        return reply.code(200).send({ items, nextCursor: null });
      },
    );
    app.get(
      '/organizations/:id/members',
      {
        config: { scope: 'read' },
        schema: {
          tags: [TAGS.memberships],
          summary: 'List the members of an organization in one role, by default the active ones',
          params: idParams,
          querystring: membersQuery,
          response: { 200: memberPage, ...problemResponses('validation', 'invalid-cursor', 'not-found') },
        },
      },
      async (request, reply) => {
        const { role, ...page } = request.query;
        return reply.code(200).send(await listMembers(databaseOf(request), request.params.id, role, page));
      },
    );
  };
}

/** The question a query asks. `organizationsQuery` let through only those that ask exactly one. */
function questionOf({
  status,
  name,
  domain,
  externalId = '',
  limit,
  cursor,
}: z.infer<typeof organizationsQuery>): OrganizationQuestion {
  if (status !== undefined) return { by: 'status', status, limit, cursor };
  if (name !== undefined) return { by: 'name', name, limit };
  if (domain !== undefined) return { by: 'domain', domain };
  return { by: 'external-id', externalId };
}
