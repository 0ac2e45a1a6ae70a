import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { createRandom } from '../random';
import { drawRequest, type RequestSource } from './draw-request';
import { generateValue } from './generate-value';
import { listOperations, type OpenapiDocument } from './openapi';
import { renderRepeat } from './render-repeat';

const BODY = {
  type: 'object',
  properties: {
    id: { type: 'string', format: 'uuid' },
    at: { type: 'string', format: 'date-time' },
    email: { type: 'string', minLength: 3, maxLength: 320, pattern: '^[^@\\s]+@[^@\\s]+$' },
    name: { anyOf: [{ type: 'string', minLength: 1, maxLength: 20 }, { type: 'null' }] },
    role: { type: 'string', enum: ['owner', 'member'] },
    count: { type: 'integer', minimum: 1, maximum: 9 },
    share: { type: 'number', exclusiveMinimum: 0 },
    list: { type: 'array', minItems: 1, maxItems: 3, items: { $ref: '#/components/schemas/Part' } },
    payload: { type: 'object', additionalProperties: {} },
  },
  required: ['id', 'role', 'list'],
  additionalProperties: false,
} as const;
const DOCUMENT: OpenapiDocument = {
  paths: {
    '/v1/things': {
      post: { requestBody: { content: { 'application/json': { schema: BODY } } }, responses: {} },
      get: {
        parameters: [
          { in: 'query', name: 'name', schema: { type: 'string', minLength: 1, maxLength: 9 } },
          { in: 'query', name: 'limit', schema: { type: 'integer', minimum: 1, maximum: 500 } },
        ],
        responses: {},
      },
    },
  },
  components: { schemas: { Part: { type: ['string', 'null'] } } },
};
const source = (seed: number): RequestSource => ({
  document: DOCUMENT,
  operations: listOperations(DOCUMENT),
  known: { ids: {}, values: {}, pages: [], authorizations: ['Bearer key'] },
  seed,
});
const draw = (seed: number, count: number) =>
  Array.from({ length: count }, (_, number) => drawRequest(source(seed), number));

describe('the requests of a seed', () => {
  it('are the same each time, in whatever order', () => {
    const once = draw(7, 300);
    expect(draw(7, 300)).toEqual(once);
    expect(drawRequest(source(7), 42)).toEqual(once[42]);
    expect(draw(8, 300)).not.toEqual(once);
  });

  it('are valid as often as not, and otherwise broken in every way', () => {
    const labels = draw(1, 6_000).flatMap(({ label }) => label.split(', '));
    const counts = new Map<string, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    expect(counts.get('valid')).toBeGreaterThan(1_500);
    for (const label of [
      'a key twice',
      'deep nesting',
      'chunks',
      'a cursor that is none',
      'no key',
      'no host',
    ]) {
      expect({ label, count: counts.get(label) }).toEqual({ label, count: expect.any(Number) });
    }
  });

  it('can be repeated by a command', () => {
    const commands = draw(1, 500).map((request) => renderRepeat(request, 4_000));
    const curls = commands.filter((command) => command.startsWith('curl '));
    expect(curls.length).toBeGreaterThan(100);
    for (const command of curls)
      expect(command).toMatch(/^[\x20-\x7e\r\n]+ 'http:\/\/127\.0\.0\.1:4000\/.*'$/);
    expect(commands.some((command) => command.includes('| base64 -d | nc '))).toBe(true);
  });
});

it('a value that is drawn is valid by its schema', () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema({ ...DOCUMENT, $id: 'document' });
  const pointer = '#/paths/~1v1~1things/post/requestBody/content/application~1json/schema';
  const validate = ajv.compile({ $ref: `document${pointer}` });
  for (let number = 0; number < 500; number += 1) {
    const random = createRandom(number, 'value');
    const value = generateValue(DOCUMENT, random, BODY, () => []);
    expect({ value, isValid: validate(value), errors: validate.errors }).toEqual({
      value,
      isValid: true,
      errors: null,
    });
  }
});
