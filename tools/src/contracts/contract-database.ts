import { createDataSource } from '@holdfast/db';
import { type ContractSample, readSample } from '@holdfast/db/contracts';
import { openTemporaryServer, type PostgresVersion } from '@holdfast/local-postgres';
import type { DataSource } from 'typeorm';
import { loadData } from '../data/load-data';

/** As whom contracts are held: a role that may read and write rows, and nothing else. */
export const CONTRACT_ROLE = 'contract_application';

const CREATE_ROLE = [
  `create role ${CONTRACT_ROLE}`,
  `grant usage on schema public to ${CONTRACT_ROLE}`,
  `grant select, insert, update, delete on all tables in schema public to ${CONTRACT_ROLE}`,
  `grant usage on all sequences in schema public to ${CONTRACT_ROLE}`,
];

/** No data set has them: a day of requests with an idempotency key, of which the oldest have expired. */
export const FILL_IDEMPOTENCY_KEYS = [
  `insert into idempotency_keys (scope, key, fingerprint, call_id, status, headers, body, expires_at)
   select 'anyone', 'contract-' || n, sha256('contract'), gen_random_uuid(), 201, '{}', repeat('x', 300),
     now() + (n - 2000) * interval '1 second'
   from generate_series(1, 50000) as n`,
  'vacuum (analyze) idempotency_keys',
];

/** A server of one version with realistic rows, all indexes and the role. */
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
    for (const statement of [...CREATE_ROLE, ...FILL_IDEMPOTENCY_KEYS]) await dataSource.query(statement);
    return { dataSource, sample: await readSample(dataSource), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
