import { MEMBERSHIP_ROLES, MEMBERSHIP_STATUSES } from '@holdfast/db';
import { z } from 'zod';
import { id, organizationId, userId } from './id';
import { cursor, limit, pageOf } from './page';
import { timestamp } from './timestamp';

const role = z.enum(MEMBERSHIP_ROLES);
const status = z.enum(MEMBERSHIP_STATUSES);

export const newMembership = z
  .strictObject({
    userId,
    organizationId,
    role: role.default('member'),
    status: status.default('active'),
  })
  .meta({
    id: 'NewMembership',
    examples: [
      {
        userId: '0190f6b3-1a2b-7c3e-8d2a-2f6d0c9b8a72',
        organizationId: '0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71',
        role: 'admin',
      },
    ],
  });

export const membershipChange = z
  .strictObject({ role, status })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Invalid change: it changes nothing')
  .meta({
    id: 'MembershipChange',
    description: 'What is left out stays; null clears.',
    examples: [{ role: 'owner' }],
  });

export const membership = z
  .object({
    id,
    userId,
    organizationId,
    role,
    status,
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Membership', description: 'That a user belongs to an organization, and as what.' });

export const memberPage = pageOf(membership);

export const membershipQuery = z.strictObject({ userId, organizationId });

export const membersQuery = z.strictObject({
  role,
  status: status.optional().meta({ description: 'By default active.' }),
  limit: limit.optional(),
  cursor: cursor.optional(),
});

export const organizationOfUserPage = pageOf(
  z.object({ organizationId, role, status }).meta({ id: 'OrganizationOfUser' }),
);
