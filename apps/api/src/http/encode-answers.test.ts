import { serializerCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { answerCompiler } from './encode-answers';
import { appendResult } from './schemas/append';
import { eventPage } from './schemas/event';
import { timestamp } from './schemas/timestamp';

const route = (schema: z.ZodType) => ({ schema, method: 'GET', url: '/things', httpStatus: '200' });
const id = '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73';
const event = {
  id,
  aggregateType: 'invoice',
  aggregateId: id,
  aggregateVersion: 4,
  globalPosition: '18204',
  eventType: 'invoice.paid',
  eventTimestamp: new Date('2026-01-31T09:30:00.000Z'),
  organizationId: id,
  userId: null,
  correlationId: null,
  idempotencyKey: 'payment-77',
  tags: ['order:1042'],
  payload: { amountCents: 4200, lines: [{ at: '2026' }], nothing: null },
  createdAt: new Date(0),
};
const result = { appended: true, events: [{ id, aggregateVersion: 1, globalPosition: '1' }] };
const anything = z.object({
  at: timestamp.nullable(),
  maybe: timestamp.optional(),
  byName: z.record(z.string(), timestamp),
  kind: z.enum(['a', 'b']),
  either: z.union([z.string(), z.number()]),
});
const marked = z.codec(z.string(), z.string(), {
  decode: (text) => text.slice(1),
  encode: (text) => `#${text}`,
});
const past = timestamp.refine((moment) => moment.getTime() <= 0, 'It is not past');

describe.each<[string, z.ZodType, object, readonly [string, unknown][]]>([
  [
    'a page of events',
    eventPage,
    { items: [event, { ...event, secret: 1 }], nextCursor: null, more: 1 },
    [
      ['a text for a moment', { items: [{ ...event, createdAt: '2026' }], nextCursor: null }],
      ['no moment', { items: [{ ...event, createdAt: new Date(Number.NaN) }], nextCursor: null }],
      ['a part too few', { items: [{ ...event, tags: undefined }], nextCursor: null }],
      ['nothing', undefined],
    ],
  ],
  [
    'the result of an append',
    appendResult,
    { ...result, hash: 'x' },
    [['a number', { ...result, appended: 1 }]],
  ],
  [
    'what is not turned round as a whole',
    anything,
    { at: null, byName: { first: new Date(1) }, kind: 'b', either: 1 },
    [['another kind', { at: null, byName: {}, kind: 'c', either: 1 }]],
  ],
  [
    'what is checked of a value, and not of its text',
    z.object({ at: past }),
    { at: new Date(0) },
    [['a value that does not hold', { at: new Date(1) }]],
  ],
  [
    'names and other properties that have a text of their own',
    z.object({ byName: z.record(marked, z.number()) }).catchall(timestamp),
    { byName: { first: 1 }, other: new Date(0) },
    [['no moment', { byName: {}, other: '2026' }]],
  ],
])('%s', (_what, schema, answer, faults) => {
  const [ours, theirs] = [answerCompiler(route(schema)), serializerCompiler(route(schema))];

  it('is written as zod encodes it, without what its schema does not name', () => {
    expect(ours(answer)).toBe(theirs(answer));
  });

  it.each(faults)('is refused with %s, as zod refuses to encode it', (_fault, wrong) => {
    const read = (write: (data: unknown) => unknown) => {
      try {
        return write(wrong);
      } catch (error) {
        const { code, method, url, cause } = error as Error & Record<string, unknown>;
        return { code, method, url, paths: (cause as z.ZodError).issues.map(({ path }) => path) };
      }
    };
    expect(read(ours)).toMatchObject({ code: 'FST_ERR_RESPONSE_SERIALIZATION' });
    expect(read(ours)).toEqual(read(theirs));
  });
});

it('what is no schema of zod is refused with the words of fastify-type-provider-zod', () => {
  const compile = () => answerCompiler(route({ type: 'object' } as never));
  expect(compile).toThrow('Invalid schema passed');
});
