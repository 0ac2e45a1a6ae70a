import { USER_ROLES, USER_STATUSES } from '@holdfast/db';
import { z } from 'zod';
import { id } from './id';
import { cursor, limit, pageOf } from './page';
import { queryOf } from './query-choice';
import { text } from './text';
import { timestamp } from './timestamp';

const email = text(320)
  .regex(/^[^@\s]+@[^@\s]+$/, 'Invalid e-mail address')
  .meta({ description: 'Unique and found without regard to case.', examples: ['ada@acme.example'] });
const firstName = text(200).meta({ examples: ['Ada'] });
const lastName = text(200).meta({ examples: ['Lovelace'] });
const status = z.enum(USER_STATUSES);
const role = z.enum(USER_ROLES);
const externalId = text(200).meta({
  description: 'Where the user was copied from, as `source:id`.',
  examples: ['crm:7'],
});

export const newUser = z
  .strictObject({
    email: email.nullish(),
    firstName: firstName.nullish(),
    lastName: lastName.nullish(),
    status: status.default('active'),
    role: role.default('member'),
    externalId: externalId.nullish(),
  })
  .meta({
    id: 'NewUser',
    examples: [{ email: 'ada@acme.example', firstName: 'Ada', lastName: 'Lovelace', role: 'admin' }],
  });

export const userChange = z
  .strictObject({
    email: email.nullable(),
    firstName: firstName.nullable(),
    lastName: lastName.nullable(),
    status,
    role,
    externalId: externalId.nullable(),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Invalid change: it changes nothing')
  .meta({
    id: 'UserChange',
    description: 'What is left out stays; null clears.',
    examples: [{ lastName: 'King', role: 'owner' }],
  });

export const user = z
  .object({
    id,
    externalId: z.string().nullable(),
    email: z.string().nullable(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    status,
    role,
    lastLoginAt: timestamp.nullable(),
    currentLoginAt: timestamp.nullable(),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({
    id: 'User',
    examples: [
      {
        id: '0190f6b3-1a2b-7c3e-8d2a-2f6d0c9b8a72',
        externalId: null,
        email: 'ada@acme.example',
        firstName: 'Ada',
        lastName: 'Lovelace',
        status: 'active',
        role: 'admin',
        lastLoginAt: null,
        currentLoginAt: null,
        createdAt: '2026-01-31T09:30:00.000Z',
        updatedAt: '2026-01-31T09:30:00.000Z',
      },
    ],
  });

export const userPage = pageOf(user);

export const USER_CHOICES = [
  ['status', 'role', 'limit?', 'cursor?'],
  ['firstName', 'lastNamePrefix?', 'limit?'],
  ['email'],
  ['externalId'],
] as const;

export const usersQuery = queryOf(
  {
    status: status.optional(),
    role: role.optional(),
    firstName: firstName.optional(),
    lastNamePrefix: text(200)
      .meta({ description: 'Start of the last name, without regard to case.', examples: ['love'] })
      .optional(),
    email: email.optional(),
    externalId: externalId.optional(),
    limit: limit.optional(),
    cursor: cursor.optional(),
  },
  USER_CHOICES,
);

export const recentlyActiveQuery = z.strictObject({ limit: limit.optional(), cursor: cursor.optional() });
