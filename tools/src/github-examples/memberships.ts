import { MEMBERSHIP_ROLES, type MembershipRole, type MembershipStatus } from '@holdfast/db';
import type { Example } from './example';
import { externalIdOf } from './external-id';
import { type Payload, readId, readText } from './payload';

export interface ExampleMembership {
  readonly user: string;
  readonly organization: string;
  readonly role: MembershipRole;
  readonly status: MembershipStatus;
}

/**
 * Who belongs to which organization, by external ids, as far as payloads tell; of several tellings the last.
 *
 * Told by `organization.member_added`, by `organization.member_invited`, since who is invited is a pending member
 * at GitHub, and by `membership.added`, since only members of an organization are in its teams. Not told by
 * - `membership.removed`: who leaves a team may stay in the organization, and may have left it before;
 * - `member.added`: collaborators of a repository need not belong to its organization;
 * - `author_association` "OWNER": of the repository, which in the examples is a person's even where an organization
 *   is named;
 * - being the sender: whoever has access to a repository can be.
 */
export function listMemberships(examples: readonly Example[]): ExampleMembership[] {
  const memberships = new Map<string, ExampleMembership>();
  for (const { name, payload } of examples) {
    const membership = readMembership(`${name}.${readText(payload, 'action')}`, payload);
    if (membership !== undefined) {
      memberships.set(`${membership.user} ${membership.organization}`, membership);
    }
  }
  return [...memberships.values()];
}

function readMembership(eventType: string, payload: Payload): ExampleMembership | undefined {
  switch (eventType) {
    case 'organization.member_added':
      return membershipOf(payload, 'membership.user.id', {
        role: readText(payload, 'membership.role'),
        status: readText(payload, 'membership.state') === 'active' ? 'active' : 'pending',
      });
    case 'organization.member_invited':
      return membershipOf(payload, 'user.id', {
        role: readText(payload, 'invitation.role'),
        status: 'pending',
      });
    case 'membership.added':
      return membershipOf(payload, 'member.id', { role: undefined, status: 'active' });
    default:
      return undefined;
  }
}

function membershipOf(
  payload: Payload,
  userPath: string,
  told: { readonly role: string | undefined; readonly status: MembershipStatus },
): ExampleMembership | undefined {
  const user = readId(payload, userPath);
  const organization = readId(payload, 'organization.id');
  if (user === undefined || organization === undefined) return undefined;
  return {
    user: externalIdOf(user),
    organization: externalIdOf(organization),
    // "direct_member", the role of an invitation, is a member's.
    role: MEMBERSHIP_ROLES.find((role) => role === told.role) ?? 'member',
    status: told.status,
  };
}
