import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { type ApiKeyForm, type CreatedApiKey, createApiKey } from '../../use-cases/create-api-key';
import { type ApiKeyQuestion, listApiKeys } from '../../use-cases/list-api-keys';
import { readApiKey } from '../../use-cases/read-api-key';
import { revokeApiKey } from '../../use-cases/revoke-api-key';
import { rotateApiKey } from '../../use-cases/rotate-api-key';
import { updateApiKey } from '../../use-cases/update-api-key';
import { identityOf } from '../authentication';
import { readExpectedVersions, renderTag, tagAnswer } from '../conditional';
import { TAGS } from '../documentation';
import { answerCreated, answerPost, type PostWork } from '../idempotent-post';
import type { DatabaseOf } from '../request-timeout';
import {
  API_KEY_CHOICES,
  apiKey,
  apiKeyChange,
  apiKeyPage,
  apiKeysQuery,
  createdApiKey,
  newApiKey,
  recentlyUsedQuery,
  rotation,
} from '../schemas/api-key';
import { idParams } from '../schemas/id';
import { notModified } from '../schemas/no-content';
import {
  BODY_PROBLEMS,
  CHANGE_PROBLEMS,
  POST_PROBLEMS,
  problemResponses,
  STRAY_BODY_PROBLEMS,
} from '../schemas/problem';
import { renderChoice } from '../schemas/query-choice';

/** A key is shown once: what is kept for a repeated request is the answer without it. */
const SHOWN_ONCE: Pick<PostWork<ShownApiKey>, 'answer' | 'keep'> = {
  answer: (created) => answerCreated('/v1/api-keys', created),
  keep: (created) => ({ ...created, key: null }),
};

type ShownApiKey = Omit<CreatedApiKey, 'key'> & { readonly key: string | null };

/** Routes of API keys. */
export function apiKeyRoutes(databaseOf: DatabaseOf, form: ApiKeyForm): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/api-keys',
      {
        config: { scope: 'keys' },
        schema: {
          tags: [TAGS.apiKeys],
          summary: 'Create an API key',
          description:
            'The key is in this answer and nowhere else. When the answer is lost and the request is repeated with its ' +
            '`Idempotency-Key`, `key` is null: rotate the key, or revoke it.',
          body: newApiKey,
          response: {
            201: createdApiKey,
            ...problemResponses(
              ...BODY_PROBLEMS,
              'text-not-storable',
              ...POST_PROBLEMS,
              'forbidden',
              'reference-missing',
            ),
          },
        },
      },
      async (request, reply) => {
        const wanted = { ...request.body, expiresAt: dateOf(request.body.expiresAt) };
        return answerPost<ShownApiKey>(databaseOf(request), request, reply, {
          run: (database) => createApiKey(database, form, identityOf(request), wanted),
          ...SHOWN_ONCE,
        });
      },
    );
    app.get(
      '/api-keys',
      {
        config: { scope: 'keys' },
        schema: {
          tags: [TAGS.apiKeys],
          summary: 'List API keys',
          description: `One of ${API_KEY_CHOICES.map((choice) => `\`${renderChoice(choice)}\``).join(', ')}. Oldest first; by expiry active ones, soonest first.`,
          querystring: apiKeysQuery,
          response: { 200: apiKeyPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) =>
        reply.code(200).send(await listApiKeys(databaseOf(request), questionOf(request.query))),
    );
    app.get(
      '/api-keys/recently-used',
      {
        config: { scope: 'keys' },
        schema: {
          tags: [TAGS.apiKeys],
          summary: 'List active API keys by their latest use',
          querystring: recentlyUsedQuery,
          response: { 200: apiKeyPage, ...problemResponses('validation', 'invalid-cursor') },
        },
      },
      async (request, reply) =>
        reply.code(200).send(await listApiKeys(databaseOf(request), { by: 'latest use', ...request.query })),
    );
    app.get(
      '/api-keys/:id',
      {
        config: { scope: 'keys', provesKey: true },
        schema: {
          tags: [TAGS.apiKeys],
          summary: 'Read an API key, without the secret in it',
          params: idParams,
          response: { 200: apiKey, 304: notModified, ...problemResponses('validation', 'not-found') },
        },
      },
      async (request, reply) => {
        const found = await readApiKey(databaseOf(request), request.params.id);
        if (tagAnswer(request, reply, found)) return reply.code(304).send();
        return reply.code(200).send(found);
      },
    );
    app.patch(
      '/api-keys/:id',
      {
        config: { scope: 'keys' },
        schema: {
          tags: [TAGS.apiKeys],
          summary: 'Change name, scopes or end of an API key',
          description: 'What is left out stays. `If-Match` names the version that the change is meant for.',
          params: idParams,
          body: apiKeyChange,
          response: {
            200: apiKey,
            ...problemResponses(
              ...BODY_PROBLEMS,
              'text-not-storable',
              ...CHANGE_PROBLEMS,
              'forbidden',
              'api-key-spent',
            ),
          },
        },
      },
      async (request, reply) => {
        const expected = readExpectedVersions(request);
        const change = { ...request.body, expiresAt: dateOf(request.body.expiresAt) };
        const changed = await updateApiKey(
          databaseOf(request),
          identityOf(request),
          request.params.id,
          change,
          expected,
        );
        return reply.code(200).header('etag', renderTag(changed)).send(changed);
      },
    );
    app.post(
      '/api-keys/:id/rotate',
      {
        config: { scope: 'keys' },
        schema: {
          tags: [TAGS.apiKeys],
          summary: 'Make a key that takes the place of this one',
          description:
            'Both work until the overlap is over. The new key is in this answer and nowhere else. Where the key that asks ends ' +
            'itself at once, no answer is kept for an `Idempotency-Key`: it could not ask again.',
          params: idParams,
          body: rotation,
          response: {
            201: createdApiKey,
            ...problemResponses(
              ...BODY_PROBLEMS,
              'not-found',
              'forbidden',
              'api-key-spent',
              ...POST_PROBLEMS,
            ),
          },
        },
      },
      async (request, reply) => {
        const { overlapSeconds, expiresAt } = request.body;
        const wanted = { overlapSeconds, expiresAt: dateOf(expiresAt), now: new Date() };
        return answerPost<ShownApiKey>(databaseOf(request), request, reply, {
          run: (database) => rotateApiKey(database, form, identityOf(request), request.params.id, wanted),
          endsOwnKey: overlapSeconds === 0 && isOwnKey(request),
          ...SHOWN_ONCE,
        });
      },
    );
    app.post(
      '/api-keys/:id/revoke',
      {
        config: { scope: 'keys' },
        schema: {
          tags: [TAGS.apiKeys],
          summary: 'Revoke an API key, at once and for good',
          params: idParams,
          response: {
            200: apiKey,
            ...problemResponses('validation', ...STRAY_BODY_PROBLEMS, 'not-found', ...POST_PROBLEMS),
          },
        },
      },
      async (request, reply) =>
        answerPost(databaseOf(request), request, reply, {
          run: (database) => revokeApiKey(database, request.params.id),
          endsOwnKey: isOwnKey(request),
          answer: (revoked) => ({ ...answerCreated('/v1/api-keys', revoked), status: 200 }),
        }),
    );
  };
}

/** Whether a request is about the very key that it came with. */
function isOwnKey(request: FastifyRequest<{ Params: z.infer<typeof idParams> }>): boolean {
  return identityOf(request).keyId === request.params.id;
}

function dateOf(moment: string | null | undefined): Date | null | undefined {
  return typeof moment === 'string' ? new Date(moment) : moment;
}

/** The question a query asks. `apiKeysQuery` let through only those that ask exactly one. */
function questionOf({
  userId,
  organizationId = '',
  status,
  expiresBefore,
  limit,
  cursor,
}: z.infer<typeof apiKeysQuery>): ApiKeyQuestion {
  if (status === undefined) return { by: 'expiry', before: new Date(expiresBefore ?? 0), limit, cursor };
  if (userId !== undefined) return { by: 'user', userId, status, limit, cursor };
  return { by: 'organization', organizationId, status, limit, cursor };
}
