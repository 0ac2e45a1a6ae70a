import { defineContract, type QueryContract } from '@holdfast/online-schema';
import { type ImportedEvent, importEvents, wasImported } from '../event-store/import-events';
import { newId } from '../new-id';
import { askAsKey } from './as-key';
import { PAGE } from './next-page';
import { OF_POLICIES } from './of-policies';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;

/** Lines of one transaction at most, as the service divides what is sent. */
const MOST_LINES = 1_000;

const BECAUSE = `${PAGE.limit} rows are written to the table and into each of its twelve indexes, two or three pages each`;

/** What bringing in events from elsewhere costs. */
export const IMPORT_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'import of lines behind a long stream',
    index: ['idx_events_idempotency', 'idx_events_aggregate_timeline'],
    maxBuffers: 1_200,
    because: BECAUSE,
    run: (manager, { longStream }) =>
      importEvents(
        manager,
        listLines(PAGE.limit, () => longStream),
      ),
  }),
  contract({
    name: 'import of lines for new streams of an organization',
    index: ['idx_events_idempotency', 'idx_events_aggregate_timeline'],
    maxBuffers: 1_200,
    because: `${BECAUSE}; ${OF_POLICIES}`,
    run: async (manager, { tenantKeyHash, largestOrganizationId: organizationId }) => {
      await askAsKey(manager, tenantKeyHash);
      await importEvents(
        manager,
        listLines(PAGE.limit, () => ({ aggregateType: 'order', aggregateId: newId(), organizationId })),
      );
    },
  }),
  contract({
    name: 'import of lines whose keys were used',
    index: 'idx_events_idempotency',
    maxBuffers: 200,
    because: 'each line is looked up by its key from the root of the index',
    run: (manager, { keyedEvent }) =>
      importEvents(
        manager,
        listLines(PAGE.limit, () => keyedEvent),
      ),
  }),
  contract({
    name: 'what became of an import whose answer was lost',
    index: 'idx_events_id',
    run: (manager) =>
      wasImported(
        manager,
        listLines(MOST_LINES, () => ({ aggregateType: 'order', aggregateId: newId() })),
      ),
  }),
];

type LineOfContract = Pick<ImportedEvent, 'aggregateType' | 'aggregateId' | 'organizationId'> &
  Partial<Pick<ImportedEvent, 'idempotencyKey'>>;

function listLines(count: number, lineOf: (line: number) => LineOfContract): ImportedEvent[] {
  return Array.from({ length: count }, (_, line) => {
    const { aggregateType, aggregateId, organizationId, idempotencyKey = newId() } = lineOf(line);
    return {
      ...{ line, id: newId(), aggregateType, aggregateId, organizationId, idempotencyKey },
      ...{ eventType: 'contract.checked', payload: {} },
    };
  });
}
