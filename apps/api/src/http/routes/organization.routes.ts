import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { Database } from '../../database';
import { createOrganization } from '../../use-cases/create-organization';
import { listMembers } from '../../use-cases/list-members';
import { listOrganizations, type OrganizationQuestion } from '../../use-cases/list-organizations';
import { readOrganization } from '../../use-cases/read-organization';
import { TAGS } from '../documentation';
import { idParams } from '../schemas/id';
import { memberPage, membersQuery } from '../schemas/membership';
import {
  newOrganization,
  ORGANIZATION_CHOICES,
  organization,
  organizationPage,
  organizationsQuery,
} from '../schemas/organization';
import { problemResponses } from '../schemas/problem';
import { renderChoice } from '../schemas/query-choice';

/** Routes of organizations. */
export function organizationRoutes(database: Database): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/organizations',
      {
        schema: {
          tags: [TAGS.organizations],
          summary: 'Create an organization',
          body: newOrganization,
          response: {
            201: organization,
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
        const created = await createOrganization(database, request.body);
        return reply.code(201).header('location', `/v1/organizations/${created.id}`).send(created);
      },
    );
    app.get(
      '/organizations',
      {
        schema: {
          tags: [TAGS.organizations],
          summary: 'List organizations',
          description: `One of ${ORGANIZATION_CHOICES.map((choice) => `\`${renderChoice(choice)}\``).join(', ')}. By status newest first; by name the most similar first, in one page.`,
          querystring: organizationsQuery,
          response: { 200: organizationPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) =>
        reply.code(200).send(await listOrganizations(database, questionOf(request.query))),
    );
    app.get(
      '/organizations/:id',
      {
        schema: {
          tags: [TAGS.organizations],
          summary: 'Read an organization',
          params: idParams,
          response: { 200: organization, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => reply.code(200).send(await readOrganization(database, request.params.id)),
    );
    app.get(
      '/organizations/:id/members',
      {
        schema: {
          tags: [TAGS.memberships],
          summary: 'List the active members of an organization in one role',
          params: idParams,
          querystring: membersQuery,
          response: { 200: memberPage, ...problemResponses('validation', 'invalid-cursor', 'not-found') },
        },
      },
      async (request, reply) => {
        const { role, ...page } = request.query;
        return reply.code(200).send(await listMembers(database, request.params.id, role, page));
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
