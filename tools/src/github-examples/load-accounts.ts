import {
  AlreadyExistsError,
  MembershipRepository,
  OrganizationRepository,
  UserRepository,
} from '@holdfast/db';
import type { EntityManager } from 'typeorm';
import type { Dataset } from './dataset';
import type { ExampleUser } from './users';

/** Ids of rows by external id. */
export type RowIds = ReadonlyMap<string, string>;

/**
 * Every organization, user and membership of the dataset has a row; those that were there keep what they hold.
 * Several loads may run at once.
 */
export async function loadAccounts(manager: EntityManager, dataset: Dataset): Promise<RowIds> {
  const organizations = new OrganizationRepository(manager);
  const users = new UserRepository(manager);
  const memberships = new MembershipRepository(manager);
  const ids = new Map<string, string>();
  for (const organization of dataset.organizations) {
    const { externalId } = organization;
    const row = await findOrCreate(
      () => organizations.findByExternalId(externalId),
      () => organizations.create(organization),
    );
    ids.set(externalId, row.id);
  }
  for (const user of dataset.users) {
    const row = await findOrCreate(
      () => users.findByExternalId(user.externalId),
      () => createUser(users, user),
    );
    ids.set(user.externalId, row.id);
  }
  for (const { user, organization, role, status } of dataset.memberships) {
    const userId = rowIdOf(ids, user);
    const organizationId = rowIdOf(ids, organization);
    await findOrCreate(
      () => memberships.findByUserAndOrganization(userId, organizationId),
      () => memberships.create({ userId, organizationId, role, status }),
    );
  }
  return ids;
}

/** Id of the row with an external id, which the load has made sure of. */
export function rowIdOf(ids: RowIds, externalId: string): string {
  const id = ids.get(externalId);
  if (id === undefined) throw new TypeError(`no row was loaded for ${externalId}`);
  return id;
}

async function findOrCreate<Row>(find: () => Promise<Row | null>, create: () => Promise<Row>): Promise<Row> {
  const found = await find();
  if (found !== null) return found;
  try {
    return await create();
  } catch (error) {
    // Another load was faster.
    const created = error instanceof AlreadyExistsError ? await find() : null;
    if (created === null) throw error;
    return created;
  }
}

/** On a server that is in use, somebody else may have the e-mail: theirs it stays. */
async function createUser(users: UserRepository, user: ExampleUser) {
  try {
    return await users.create(user);
  } catch (error) {
    if (!(error instanceof AlreadyExistsError) || error.index !== 'idx_users_email_lower') throw error;
    return users.create({ ...user, email: null });
  }
}
