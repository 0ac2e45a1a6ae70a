import { openTemporaryServer } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { countRuns } from './counted-operation';
import { LIBRARIES } from './line-up';
import { measureOverhead, type OverheadReport } from './overhead';

export interface SelectOneOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
}

/** What was measured around a query, and on which server. */
export interface SelectOneReport extends OverheadReport {
  /** Its version, as the server tells it. */
  readonly postgres: string;
}

/**
 * Measures what the libraries cost around the fastest query there is, `select 1` on one connection to a server of its own
 * on this machine: in share, the most that they can add to any query.
 */
export async function measureSelectOne({ quick, signal }: SelectOneOptions): Promise<SelectOneReport> {
  // Short batches, so that those of one round see the same machine; very many, as it is never quiet.
  const extent = quick
    ? { rounds: 100, batchMs: 1, warmupMs: 50 }
    : { rounds: 1200, batchMs: 1, warmupMs: 300 };
  await using server = await openTemporaryServer({ signal });
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    const select = async (): Promise<number> => {
      const { rows } = await client.query<{ one: number }>('select 1 as one');
      return rows[0]?.one ?? Number.NaN;
    };
    const report = await measureOverhead(LIBRARIES, () => countRuns(select), { ...extent, signal });
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return { ...report, postgres: rows[0]?.server_version ?? 'unknown' };
  } finally {
    await client.end();
  }
}
