import { actFor, createDataSource, EVERY_TENANT } from '@holdfast/db';
import { type ContractSample, readSample, WORKER_CONTRACTS } from '@holdfast/db/contracts';
import { openTemporaryServer, type PostgresVersion } from '@holdfast/local-postgres';
import type { CheckContractOptions, QueryContract } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';
import { loadData } from '../data/load-data';

/**
 * As whom a contract is held: in the role that asks its question in earnest, under the policies of that. In the application's,
 * for a key; that of an operator, who sees most, has most to read.
 */
export function asAsker(
  contract: QueryContract<ContractSample>,
  sample: ContractSample,
  keyHash: Buffer = sample.operatorKeyHash,
): CheckContractOptions<ContractSample> {
  if (WORKER_CONTRACTS.includes(contract)) return { sample, role: 'holdfast_worker' };
  return { sample, role: 'holdfast_app', setUp: (manager) => actFor(manager, keyHash) };
}

/**
 * What no data set holds and a service has: a day of requests with an idempotency key, of which the oldest have expired, and the events
 * that are done, counted for their organizations by four workers.
 */
export const FILL_WHAT_RUNNING_LEAVES = [
  `insert into idempotency_keys (scope, key, fingerprint, call_id, status, headers, body, expires_at)
   select '${EVERY_TENANT}', 'contract-' || n, sha256('contract'), gen_random_uuid(), 201, '{}', repeat('x', 300),
     now() + (n - 2000) * interval '1 second'
   from generate_series(1, 50000) as n`,
  `insert into organization_activity (organization_id, event_type, slot, events, last_position, last_event_at)
   select organization_id, event_type, global_position / 50 % 4, count(*), max(global_position), max(event_timestamp)
   from events
   where organization_id is not null and processed
   group by 1, 2, 3
   order by max(global_position)`,
  'vacuum (analyze) idempotency_keys, organization_activity',
];

/** A server of one version with realistic rows and all indexes. */
export interface ContractDatabase extends AsyncDisposable {
  readonly dataSource: DataSource;
  readonly sample: ContractSample;
}

interface ContractDatabaseOptions {
  readonly version: PostgresVersion;
  readonly events: number;
  readonly signal?: AbortSignal;
}

/** The server runs, filled; it is gone after disposal. */
export async function openContractDatabase({
  version,
  events,
  signal,
}: ContractDatabaseOptions): Promise<ContractDatabase> {
  const server = await openTemporaryServer({ version, ...(signal && { signal }) });
  let dataSource: DataSource | undefined;
  const close = async () => {
    await dataSource?.destroy();
    await server.stop();
  };
  try {
    await loadData(server.url, { events }, { indexes: 'after', ...(signal && { signal }) });
    dataSource = await createDataSource('test', { DATABASE_URL: server.url }).initialize();
    for (const statement of FILL_WHAT_RUNNING_LEAVES) await dataSource.query(statement);
    return { dataSource, sample: await readSample(dataSource), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
