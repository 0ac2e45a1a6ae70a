import {
  ApiKeyRepository,
  EventRepository,
  IdempotencyRepository,
  MembershipRepository,
  OrganizationActivityRepository,
  OrganizationRepository,
  UserRepository,
} from '@holdfast/db';
import { CONTRACTS, WORKER_CONTRACTS } from '@holdfast/db/contracts';
import { postgresVersions } from '@holdfast/local-postgres';
import { ContractError, checkContract } from '@holdfast/online-schema';
import '@holdfast/online-schema/jest';
import { asAsker, type ContractDatabase, openContractDatabase } from './contract-database';

const EVENTS = 1_000_000;
const LOAD_MS = 5 * 60_000;

/** The largest organization has two thousand members, and a stream of another one may have ten thousand events. */
const MOST_TENANT_PAGES = 6_000;
const ASKED_BY_TENANTS = CONTRACTS.filter((contract) => !WORKER_CONTRACTS.includes(contract));

const REPOSITORIES = [
  ApiKeyRepository,
  EventRepository,
  IdempotencyRepository,
  MembershipRepository,
  OrganizationActivityRepository,
  OrganizationRepository,
  UserRepository,
];

describe.each(postgresVersions)(`a million events on PostgreSQL %i`, (version) => {
  let database: ContractDatabase;
  const called = new Set<string>();

  beforeAll(async () => {
    database = await openContractDatabase({ version, events: EVENTS });
    for (const [name, method] of listMethods()) watch(name, method);
  }, LOAD_MS);

  afterAll(async () => {
    jest.restoreAllMocks();
    await database?.[Symbol.asyncDispose]();
  });

  function watch(name: string, { prototype, key }: Method): void {
    const original = prototype[key];
    jest.spyOn(prototype, key).mockImplementation(function (this: unknown, ...args: unknown[]) {
      called.add(name);
      return original?.apply(this, args);
    });
  }

  it.each(CONTRACTS.map((contract) => [contract.name, contract] as const))(
    '%s: the contract holds under each kind of plan, as the role that asks',
    async (_, contract) => {
      const { dataSource, sample } = database;
      await expect(contract).toHoldOn(dataSource, asAsker(contract, sample));
    },
  );

  it.each(ASKED_BY_TENANTS.map((contract) => [contract.name, contract] as const))(
    '%s: asked for a key of one organization, reads no table of everybody',
    async (_, contract) => {
      const { dataSource, sample } = database;
      const asker = asAsker(contract, sample, sample.tenantKeyHash);
      const report = await checkContract(dataSource, contract, asker).catch(forgiveRefusal);
      const kinds = report?.broken.map(({ kind }) => kind) ?? [];
      expect(kinds).not.toContain('seq-scan');
      const pages = report?.statements.flatMap(({ runs }) => runs.map(({ buffers }) => buffers)) ?? [];
      expect(Math.max(0, ...pages)).toBeLessThan(MOST_TENANT_PAGES);
    },
  );

  it('every index has a contract, and every contract its indexes', async () => {
    await expect(CONTRACTS).toCoverIndexesOf(database.dataSource);
  });

  it('every method of a repository is called by a contract', () => {
    const methods = [...listMethods()].map(([name]) => name);
    expect(methods.length).toBeGreaterThan(20);
    // An advisory lock is no question to a table.
    expect(methods.filter((name) => !called.has(name))).toEqual(['IdempotencyRepository.tryLock']);
  });
});

/** What only an operator may do, and a list that is too short for a second page. */
function forgiveRefusal(error: unknown): undefined {
  if (!(error instanceof ContractError) || error.code !== 'HOLDFAST_CONTRACT_NOT_RUN') throw error;
}

interface Method {
  readonly prototype: Record<string, (...args: unknown[]) => unknown>;
  readonly key: string;
}

function listMethods(): Map<string, Method> {
  const methods = new Map<string, Method>();
  for (const repository of REPOSITORIES) {
    const prototype = repository.prototype as unknown as Method['prototype'];
    for (const key of Object.getOwnPropertyNames(prototype)) {
      if (key !== 'constructor') methods.set(`${repository.name}.${key}`, { prototype, key });
    }
  }
  return methods;
}
