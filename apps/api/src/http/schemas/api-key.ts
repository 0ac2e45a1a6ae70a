import { API_KEY_SCOPES, API_KEY_STATUSES } from '@holdfast/db';
import { z } from 'zod';
import { id, organizationId, userId } from './id';
import { cursor, limit, pageOf } from './page';
import { queryOf } from './query-choice';
import { text } from './text';
import { givenTimestamp, timestamp } from './timestamp';

const name = text(100).meta({ examples: ['nightly import'] });
const status = z.enum(API_KEY_STATUSES);
const scopes = z
  .array(z.enum(API_KEY_SCOPES))
  .min(1)
  .max(API_KEY_SCOPES.length)
  .refine((given) => new Set(given).size === given.length, 'Invalid scopes: one is named twice')
  .meta({ description: 'What the key may be used for.' });
const expiresAt = givenTimestamp
  .refine((moment) => !(Date.parse(moment) <= Date.now()), 'Invalid moment: it has passed')
  .nullable()
  .meta({ description: 'From then on the key is refused; null for no end.' });

export const newApiKey = z
  .strictObject({
    userId,
    organizationId: organizationId
      .nullish()
      .meta({ description: 'By default that of the key that asks; null for none, which sees everything.' }),
    name,
    scopes,
    expiresAt: expiresAt.optional(),
  })
  .meta({
    id: 'NewApiKey',
    examples: [
      {
        userId: '0190f6b3-1a2b-7c3e-8d2a-2f6d0c9b8a72',
        name: 'nightly import',
        scopes: ['events:append'],
      },
    ],
  });

export const apiKeyChange = z
  .strictObject({ name, scopes, expiresAt })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Invalid change: it changes nothing')
  .meta({ id: 'ApiKeyChange', examples: [{ scopes: ['read', 'events:read'] }] });

const DAY_SECONDS = 86_400;
const MAX_OVERLAP_DAYS = 30;

export const rotation = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(MAX_OVERLAP_DAYS * DAY_SECONDS)
      .default(DAY_SECONDS)
      .meta({ description: 'How long the old key works on; 0 ends it at once.' }),
    expiresAt: expiresAt
      .optional()
      .meta({ description: 'End of the new key; by default it lives as long as the old one was made for.' }),
  })
  .meta({ id: 'Rotation', examples: [{ overlapSeconds: 3_600 }] });

export const apiKey = z
  .object({
    id,
    userId: id,
    organizationId: id.nullable(),
    name: z.string(),
    prefix: z.string().meta({
      description: 'The beginning of the key, by which it is told apart.',
      examples: ['hf_production_7Yq0aZk2'],
    }),
    scopes: z.array(z.enum(API_KEY_SCOPES)),
    status,
    expiresAt: timestamp.nullable(),
    lastUsedAt: timestamp.nullable().meta({ description: 'To the minute.' }),
    rotatedTo: id.nullable().meta({ description: 'The key that takes its place.' }),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'ApiKey', description: 'A key, without the secret in it.' });

export const createdApiKey = apiKey
  .extend({
    key: z
      .string()
      .nullable()
      .meta({ description: 'The key itself, shown this once: null when the request is repeated.' }),
  })
  .meta({ id: 'CreatedApiKey', description: 'A key just made.' });

export const apiKeyPage = pageOf(apiKey);

export const API_KEY_CHOICES = [
  ['userId', 'status', 'limit?', 'cursor?'],
  ['organizationId', 'status', 'limit?', 'cursor?'],
  ['expiresBefore', 'limit?', 'cursor?'],
] as const;

export const apiKeysQuery = queryOf(
  {
    userId: userId.optional(),
    organizationId: organizationId.optional(),
    status: status.optional(),
    expiresBefore: givenTimestamp.optional(),
    limit: limit.optional(),
    cursor: cursor.optional(),
  },
  API_KEY_CHOICES,
);

export const recentlyUsedQuery = z.strictObject({ limit: limit.optional(), cursor: cursor.optional() });
