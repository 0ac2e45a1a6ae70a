import { externalIdOf } from './external-id';
import { identityOf } from './identity';
import { type Payload, readId, readText } from './payload';

/**
 * Whose stream an event belongs to. One with a row is named by the row's external id; its aggregate id is the row's,
 * which only the database knows.
 */
export type Aggregate =
  | { readonly type: 'organization' | 'user'; readonly externalId: string }
  | { readonly type: 'repository' | 'installation' | 'security_advisory'; readonly id: string };

/**
 * The narrowest thing that an example happened to: the repository, else the organization, the installation of an
 * app, the sender, and for what has no sender the advisory.
 *
 * @param users external ids of the users that have a row.
 */
export function aggregateOf(payload: Payload, users: ReadonlySet<string>): Aggregate {
  const repository = readId(payload, 'repository.id');
  if (repository !== undefined) return { type: 'repository', id: identityOf('repository', repository) };
  const organization = readId(payload, 'organization.id');
  if (organization !== undefined) return { type: 'organization', externalId: externalIdOf(organization) };
  const installation = readId(payload, 'installation.id');
  if (installation !== undefined)
    return { type: 'installation', id: identityOf('installation', installation) };
  const sender = senderOf(payload, users);
  if (sender !== null) return { type: 'user', externalId: sender };
  const advisory = readText(payload, 'security_advisory.ghsa_id');
  if (advisory !== undefined)
    return { type: 'security_advisory', id: identityOf('security_advisory', advisory) };
  throw new TypeError(`an example is about nothing known: ${Object.keys(payload).join(', ')}`);
}

/** External id of the user who caused an example; null for an organization, which acts without saying who did. */
export function senderOf(payload: Payload, users: ReadonlySet<string>): string | null {
  const id = readId(payload, 'sender.id');
  if (id === undefined || !users.has(externalIdOf(id))) return null;
  return externalIdOf(id);
}
