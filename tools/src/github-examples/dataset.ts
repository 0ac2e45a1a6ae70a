import { type ExampleEvent, listEvents } from './events';
import { readExamples } from './example';
import { type ExampleMembership, listMemberships } from './memberships';
import { type ExampleOrganization, listOrganizations } from './organizations';
import { type ExampleUser, listUsers } from './users';

/** The examples as rows to be, which name each other by external ids. */
export interface Dataset {
  readonly organizations: readonly ExampleOrganization[];
  readonly users: readonly ExampleUser[];
  readonly memberships: readonly ExampleMembership[];
  readonly events: readonly ExampleEvent[];
}

/** Reads the examples and maps them. The same every time. */
export function readDataset(): Dataset {
  const examples = readExamples();
  const users = listUsers(examples);
  return {
    organizations: listOrganizations(examples),
    users,
    memberships: listMemberships(examples),
    events: listEvents(examples, new Set(users.map(({ externalId }) => externalId))),
  };
}
