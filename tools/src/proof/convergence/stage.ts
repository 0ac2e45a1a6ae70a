import { createDataSource } from '@holdfast/db';
import { createDatabase, dropDatabase, type TemporaryServer } from '@holdfast/local-postgres';
import { createTables } from '../../create-tables';
import { withClient } from '../../measurement/with-client';
import { startCommand } from '../command';
import { holdfastMigrate } from '../commands';
import { type CatalogState, readCatalogState } from './catalog-state';
import type { Setting } from './setting';

const TEMPLATE = 'convergence_template';

/** The tables before their indexes, as often as they are wanted, and what shall come of them. */
export interface Stage {
  /** What an undisturbed run leaves. */
  readonly wanted: CatalogState;
  /** Milliseconds from the first word of an undisturbed run to its end. */
  readonly undisturbedMs: number;
  /** A database of its own, with tables and rows and no index of ours, while the work runs. */
  withDatabase<T>(work: (url: string) => Promise<T>): Promise<T>;
}

/** What every part of the proof is given. */
export interface ConvergenceRun {
  readonly server: TemporaryServer;
  readonly setting: Setting;
  readonly stage: Stage;
  readonly signal: AbortSignal;
  /** Says how far it has come. */
  readonly say: (line: string) => void;
}

/** @throws Error when an undisturbed run fails, or is over at once. */
export async function openStage(server: TemporaryServer, { rows }: Setting): Promise<Stage> {
  const url = await createDatabase(server.adminUrl, TEMPLATE);
  await prepareTemplate(url);
  await withClient(url, (client) => client.query(renderRows(rows)));
  let databases = 0;
  const withDatabase = async <T>(work: (url: string) => Promise<T>): Promise<T> => {
    databases += 1;
    const name = `convergence_${databases}`;
    const database = await createDatabase(server.adminUrl, name, { template: TEMPLATE });
    try {
      return await work(database);
    } finally {
      await dropDatabase(server.adminUrl, name);
    }
  };
  return { ...(await withDatabase(runUndisturbed)), withDatabase };
}

async function prepareTemplate(url: string): Promise<void> {
  const dataSource = await createDataSource('test', { DATABASE_URL: url }).initialize();
  try {
    await createTables(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function runUndisturbed(url: string): Promise<Pick<Stage, 'wanted' | 'undisturbedMs'>> {
  const command = startCommand(holdfastMigrate(), url);
  await command.spoke;
  const startedAtMs = performance.now();
  const { code, err } = await command.ended;
  if (code !== 0) throw new Error(`an undisturbed run failed: ${err.trim()}`);
  return { wanted: await readCatalogState(url), undisturbedMs: performance.now() - startedAtMs };
}

/** Rows that the unique indexes admit. */
function renderRows(rows: number): string {
  return `
    INSERT INTO organizations (id, name, domain)
      SELECT gen_random_uuid(), 'Organization ' || n, n || '.example.org' FROM generate_series(1, ${rows}) AS n;
    INSERT INTO users (id, email, first_name, last_name)
      SELECT gen_random_uuid(), 'user' || n || '@example.org', 'First ' || n % 100, 'Last ' || n
      FROM generate_series(1, ${rows}) AS n;
    INSERT INTO user_organizations (id, user_id, organization_id)
      SELECT gen_random_uuid(), u.id, o.id
      FROM (SELECT id, row_number() OVER () AS n FROM users) AS u
      JOIN (SELECT id, row_number() OVER () AS n FROM organizations) AS o USING (n);
    INSERT INTO api_keys (id, user_id, organization_id, key_hash)
      SELECT gen_random_uuid(), user_id, organization_id, sha256(id::text::bytea) FROM user_organizations;
    INSERT INTO events (id, aggregate_id, aggregate_type, aggregate_version, event_type, event_timestamp,
                        organization_id, user_id, correlation_id, tags, payload)
      SELECT gen_random_uuid(), gen_random_uuid(), 'order', 1, 'order.' || n % 7, now() - n * interval '1 second',
             m.organization_id, m.user_id, gen_random_uuid(), ARRAY['order:' || n], '{}'
      FROM (SELECT *, row_number() OVER () AS n FROM user_organizations) AS m;
    ANALYZE;
  `;
}
