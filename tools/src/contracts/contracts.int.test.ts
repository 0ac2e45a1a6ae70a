import { CONTRACTS } from '@holdfast/db/contracts';
import { postgresVersions } from '@holdfast/local-postgres';
import { checkCoverage, renderContract } from '@holdfast/online-schema';
import { type ContractDatabase, openContractDatabase } from './contract-database';

/** A million, unless a nightly run wants more. */
const EVENTS = Number(process.env.CONTRACT_EVENTS ?? 1_000_000);

const LONGEST_MS = 3 * 60_000 * Math.max(1, EVENTS / 1_000_000);

describe.each(postgresVersions)(`on PostgreSQL %i with ${EVENTS} events`, (version) => {
  let database: ContractDatabase;

  beforeAll(async () => {
    database = await openContractDatabase({ version, events: EVENTS });
  }, LONGEST_MS);

  afterAll(() => database?.[Symbol.asyncDispose]());

  it(
    'every query keeps its contract under each kind of plan, as the role of the application',
    async () => {
      const broken = await database.findBroken();
      expect(broken.map(renderContract)).toEqual([]);
    },
    LONGEST_MS,
  );

  it('every index has a contract, and every contract its indexes', async () => {
    await expect(checkCoverage(database.dataSource, CONTRACTS)).resolves.toEqual({
      uncovered: [],
      missing: [],
      repeated: [],
    });
  });
});
