import type { Answer } from './answer';
import { createJudge } from './judge-answer';
import { listOperations, type OpenapiDocument } from './openapi';
import type { FuzzRequest } from './request-draft';

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const DOCUMENT: OpenapiDocument = {
  paths: {
    '/v1/users/{id}': {
      get: {
        responses: {
          '200': {
            content: { 'application/json': { schema: { $ref: '#/components/schemas/User' } as const } },
          },
          '304': {},
          '404': { content: PROBLEM },
          '500': { content: PROBLEM },
        },
      },
    },
    '/v1/users/me': { get: { responses: { '200': { content: { 'text/plain': {} } } } } },
  },
  components: {
    schemas: {
      User: {
        type: 'object',
        properties: { id: { type: 'string', format: 'uuid' }, at: { type: 'string', format: 'date-time' } },
        required: ['id'],
        additionalProperties: false,
      },
      Problem: {
        type: 'object',
        properties: { type: { type: 'string' }, status: { type: 'integer' } },
        required: ['type', 'status'],
        additionalProperties: false,
      },
    },
  },
};
const judge = createJudge(DOCUMENT, listOperations(DOCUMENT));
const ID = '0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71';

const request = (target: string, method = 'GET'): FuzzRequest => ({
  ...{ number: 0, label: 'valid', method, target, bytes: Buffer.alloc(0) },
  isWhole: true,
});
const answer = (status: number, body: unknown, mediaType = 'application/json'): Answer => ({
  status,
  headers: new Map([['content-type', `${mediaType}; charset=utf-8`]]),
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const problem = (status: number, type: string) =>
  answer(status, { type: `/problems/${type}`, status }, 'application/problem+json');

const USER = request(`/v1/users/${ID}?x=y`);

describe('an answer as documented', () => {
  it.each([
    ['with what the schema wants', USER, answer(200, { id: ID })],
    ['without a body, where none is named', USER, answer(304, '')],
    ['that is a refusal', USER, problem(404, 'not-found')],
    ['to HEAD, as to GET', request('/v1/users/me', 'HEAD'), answer(200, '', 'text/plain')],
    ['for bytes that could not be read', USER, problem(400, 'malformed-request')],
    ['for a path that no route has', request('/nowhere'), problem(404, 'unknown-route')],
  ])('%s passes', (_case, asked, given) => {
    expect(judge(asked, given)).toBeUndefined();
  });
});

describe('an answer is found fault with', () => {
  it.each([
    ['a failure, though it is documented', USER, problem(500, 'internal'), 'failed with 500'],
    ['a status that is not named', USER, problem(403, 'forbidden'), 'not documented'],
    ['another media type', USER, answer(200, { id: ID }, 'text/html'), 'text/html'],
    ['a property too many', USER, answer(200, { id: ID, keyHash: 'x' }), 'additional properties'],
    ['a property that is missing', USER, answer(200, {}), 'id'],
    ['a value of another form', USER, answer(200, { id: 'x' }), 'uuid'],
    ['what is no JSON', USER, answer(200, '{"id":'), 'no JSON'],
    ['a body where there is none', USER, answer(304, 'x'), 'with a body'],
    ['a route taken for another', request('/v1/users/me'), answer(200, { id: ID }), 'application/json'],
    ['a refusal that is no problem', request('/nowhere'), answer(404, 'gone', 'text/html'), 'no problem'],
    ['a 503 without a hint', USER, problem(503, 'saturated'), 'Retry-After'],
  ])('as %s', (_case, asked, given, fault) => {
    expect(judge(asked, given)).toContain(fault);
  });
});
