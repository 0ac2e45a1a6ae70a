import { ORGANIZATION_STATUSES } from '@holdfast/db';
import { z } from 'zod';
import { id } from './id';
import { cursor, limit, pageOf } from './page';
import { queryOf } from './query-choice';
import { text } from './text';
import { timestamp } from './timestamp';

const name = text(200).meta({ examples: ['Acme'] });
const domain = text(253).meta({
  description: 'Mail domain; compared without regard to case.',
  examples: ['acme.example'],
});
const status = z.enum(ORGANIZATION_STATUSES);
const externalId = text(200).meta({
  description: 'Where it was copied from, as `source:id`.',
  examples: ['crm:1042'],
});

export const newOrganization = z
  .strictObject({
    name,
    domain: domain.nullish(),
    status: status.default('active'),
    externalId: externalId.nullish(),
  })
  .meta({ id: 'NewOrganization', examples: [{ name: 'Acme', domain: 'acme.example' }] });

export const organizationChange = z
  .strictObject({ name, domain: domain.nullable(), status, externalId: externalId.nullable() })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Invalid change: it changes nothing')
  .meta({
    id: 'OrganizationChange',
    description: 'What is left out stays; null clears.',
    examples: [{ status: 'suspended' }],
  });

export const organization = z
  .object({
    id,
    externalId: z.string().nullable(),
    name: z.string(),
    domain: z.string().nullable(),
    status,
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({
    id: 'Organization',
    examples: [
      {
        id: '0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71',
        externalId: null,
        name: 'Acme',
        domain: 'acme.example',
        status: 'active',
        createdAt: '2026-01-31T09:30:00.000Z',
        updatedAt: '2026-01-31T09:30:00.000Z',
      },
    ],
  });

export const organizationPage = pageOf(organization);

export const ORGANIZATION_CHOICES = [
  ['status', 'limit?', 'cursor?'],
  ['name', 'limit?'],
  ['domain'],
  ['externalId'],
] as const;

export const organizationsQuery = queryOf(
  {
    status: status.optional(),
    name: name
      .meta({ description: 'Part of the name, without regard to case.', examples: ['acm'] })
      .optional(),
    domain: domain.optional(),
    externalId: externalId.optional(),
    limit: limit.optional(),
    cursor: cursor.optional(),
  },
  ORGANIZATION_CHOICES,
);
