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
    for (const statement of CREATE_ROLE) await dataSource.query(statement);
    return { dataSource, sample: await readSample(dataSource), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
