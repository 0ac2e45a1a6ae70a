import type { Example } from './example';
import { externalIdOf } from './external-id';
import { readId, readText } from './payload';

export interface ExampleOrganization {
  readonly externalId: string;
  readonly name: string;
}

/**
 * The organizations in which the examples happened, in the order of their first appearance. A renamed one has the
 * name that was seen last. No payload tells a mail domain, so they have none.
 */
export function listOrganizations(examples: readonly Example[]): ExampleOrganization[] {
  const names = new Map<string, string>();
  for (const { payload } of examples) {
    const id = readId(payload, 'organization.id');
    const login = readText(payload, 'organization.login');
    if (id !== undefined && login !== undefined) names.set(externalIdOf(id), login);
  }
  return Array.from(names, ([externalId, name]) => ({ externalId, name }));
}
