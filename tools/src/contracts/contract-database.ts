import { createDataSource } from '@holdfast/db';
import { CONTRACTS, type ContractSample, readSample } from '@holdfast/db/contracts';
import { openTemporaryServer, type PostgresVersion } from '@holdfast/local-postgres';
import { type ContractReport, checkContract } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';
import { loadData } from '../data/load-data';

/** As whom contracts are held: a role that may read and write rows, and nothing else. */
const ROLE = 'contract_application';

const CREATE_ROLE = [
  `create role ${ROLE}`,
  `grant usage on schema public to ${ROLE}`,
  `grant select, insert, update, delete on all tables in schema public to ${ROLE}`,
  `grant usage on all sequences in schema public to ${ROLE}`,
];

/** A server of one version with realistic rows, on which contracts are held. */
export interface ContractDatabase extends AsyncDisposable {
  readonly dataSource: DataSource;
  /** The contracts that are broken. */
  findBroken(): Promise<readonly ContractReport[]>;
}

interface ContractDatabaseOptions {
  readonly version: PostgresVersion;
  readonly events: number;
  readonly signal?: AbortSignal;
}

/** A new server has the generated rows, all indexes, and the role. It is gone after disposal. */
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
    const opened = dataSource;
    const sample = await readSample(opened);
    return {
      dataSource: opened,
      findBroken: () => findBroken(opened, sample),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function findBroken(
  dataSource: DataSource,
  sample: ContractSample,
): Promise<readonly ContractReport[]> {
  const reports: ContractReport[] = [];
  for (const contract of CONTRACTS) {
    reports.push(await checkContract(dataSource, contract, { sample, role: ROLE }));
  }
  return reports.filter(({ broken }) => broken.length > 0);
}
