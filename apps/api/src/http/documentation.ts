import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { describeHeaders } from './describe-headers';
import { tidyOpenapi } from './tidy-openapi';

export const TAGS = Object.freeze({
  organizations: 'Organizations',
  users: 'Users',
  memberships: 'Memberships',
  apiKeys: 'API keys',
  events: 'Events',
  operations: 'Operations',
} as const);

/** Everything from this service and nothing from elsewhere; the pictures of the page are inlined as data. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'self'; " +
  "img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'";

const HEADERS = Object.freeze({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });

const SECURITY_SCHEME = 'apiKey';

/** A route with a scope needs a key that has it. */
const describeSecurity: typeof jsonSchemaTransform = (input) => {
  const transformed = jsonSchemaTransform(input);
  const scope = input.route.config?.scope;
  if (scope === undefined) return transformed;
  return { ...transformed, schema: { ...transformed.schema, security: [{ [SECURITY_SCHEME]: [scope] }] } };
};

/** Describes the routes that follow at /docs, for people, and at /docs/json, for programs. */
export async function documentRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        version,
        description:
          'Organizations, users, memberships and an event store. Refusals are problems (RFC 9457); lists are read ' +
          'page by page: give `nextCursor` back as `cursor`.',
      },
      components: {
        securitySchemes: {
          [SECURITY_SCHEME]: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key, as `hf_production_…`. What it may be used for are its scopes; those that a route needs ' +
              'stand beside it. A key of an organization sees what is its own.',
          },
        },
      },
      tags: [
        { name: TAGS.organizations, description: 'Tenants.' },
        { name: TAGS.users, description: 'People and service accounts.' },
        { name: TAGS.memberships, description: 'Who belongs where, and as what.' },
        { name: TAGS.apiKeys, description: 'What programs identify themselves with.' },
        {
          name: TAGS.events,
          description: 'The event store: streams that are appended to and never changed.',
        },
        { name: TAGS.operations, description: 'Health and metrics.' },
      ],
    },
    transform: describeSecurity,
    transformObject: (document) => describeHeaders(tidyOpenapi(jsonSchemaTransformObject(document))),
  });
  await app.register(pages);
}

/** The pages for people. Headers of their own need a scope of their own: this plugin's hooks are not those of all routes. */
const pages: FastifyPluginAsync = async (app) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    theme: { title: 'Holdfast' },
    // Without the bar at the top, which asks for the address of another document.
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
    },
  });
};
