import { generateApiKeys } from './api-keys';
import { type DataOptions, type DataSetting, readDataSetting } from './data-setting';
import { generateEvents } from './events';
import { countMemberships, generateMemberships } from './memberships';
import { generateOrganizations } from './organizations';
import { createPopulation } from './population';
import type { ApiKeyRow, EventRow, MembershipRow, OrganizationRow, UserRow } from './rows';
import { generateUsers } from './users';

/** The rows of each table. Each can be read again and again, alone and in any order: they are always the same. */
export interface GeneratedData {
  readonly setting: DataSetting;
  readonly organizations: GeneratedTable<OrganizationRow>;
  readonly users: GeneratedTable<UserRow>;
  readonly memberships: GeneratedTable<MembershipRow>;
  readonly events: GeneratedTable<EventRow>;
  readonly apiKeys: GeneratedTable<ApiKeyRow>;
}

export interface GeneratedTable<Row> extends Iterable<Row> {
  /** How many rows there will be. */
  readonly size: number;
}

/**
 * Makes the rows of all five tables by the documented model (docs/benchmark-data.md): skewed as real data is, and within
 * every constraint and unique index of the schema. The same options give the same rows, ids included, on every machine.
 *
 * Rows are made as they are read. What is kept is a few bytes for each user and organization, and the streams that are
 * still open, of which there are never more than some thousands.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function generateData(options: DataOptions): GeneratedData {
  const setting = readDataSetting(options);
  const population = createPopulation(setting);
  const table = <Row>(size: number, rows: () => Iterator<Row>): GeneratedTable<Row> => ({
    size,
    [Symbol.iterator]: rows,
  });
  return Object.freeze({
    setting,
    organizations: table(setting.organizations, () => generateOrganizations(population)),
    users: table(setting.users, () => generateUsers(population)),
    memberships: table(countMemberships(population), () => generateMemberships(population)),
    events: table(setting.events, () => generateEvents(population)),
    apiKeys: table(setting.apiKeys, () => generateApiKeys(population)),
  });
}
