import {
  openReplica,
  openTemporaryServer,
  type Replica,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import type { StructuredLogger } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { readReplicaStats } from '../data-source/pool-registry';
import type { PoolSettings } from '../pool/pool-settings';
import type { ReplicaSettings } from '../replicas/replica-settings';
import { Note } from './note';
import { settings, until } from './settings';
import { withClient } from './transfers';

/** A primary and its streaming replicas. */
export interface Cluster extends AsyncDisposable {
  readonly primary: TemporaryServer;
  readonly replicas: readonly Replica[];
}

/** Starts a primary with a table of notes, and as many replicas as asked for. */
export async function openCluster(count = 1): Promise<Cluster> {
  const primary = await openTemporaryServer();
  await withClient(primary.url, (client) =>
    client.query('CREATE TABLE note (id int PRIMARY KEY, text text NOT NULL)'),
  );
  const replicas: Replica[] = [];
  for (let at = 0; at < count; at += 1) replicas.push(await openReplica(primary));
  return {
    primary,
    replicas,
    async [Symbol.asyncDispose]() {
      for (const replica of replicas) await replica.stop();
      await primary.stop();
    },
  };
}

export interface ClusterSource extends AsyncDisposable {
  readonly dataSource: DataSource;
  /** Resolves when the replicas are in these states. */
  waitForStates(...states: string[]): Promise<void>;
}

/** A DataSource over members of a cluster, which looks at them often; it is not waited for replicas to be healthy. */
export function createClusterSource(
  urls: readonly [primary: string, ...replicas: string[]],
  changes: {
    readonly pool?: Partial<PoolSettings>;
    readonly replicas?: Partial<ReplicaSettings>;
    readonly logger?: StructuredLogger;
  } = {},
): DataSource {
  const [url, ...replicaUrls] = urls;
  return createPostgresDataSource({
    url,
    pool: { ...settings, destroyMs: 1_000, ...changes.pool },
    applicationName: 'test',
    entities: [Note],
    migrations: [],
    replicas: { urls: replicaUrls, checkMs: 20, ...changes.replicas },
    ...(changes.logger && { logger: changes.logger }),
  });
}

/** As `createClusterSource`, opened, until the end of its block. */
export async function openClusterSource(
  ...terms: Parameters<typeof createClusterSource>
): Promise<ClusterSource> {
  const dataSource = createClusterSource(...terms);
  await openDataSource(dataSource);
  return {
    dataSource,
    waitForStates: (...states) =>
      until(
        () =>
          readReplicaStats(dataSource)
            .map(({ state }) => state)
            .join() === states.join(),
      ),
    [Symbol.asyncDispose]: () => closeDataSource(dataSource),
  };
}

/** On which server a read of TypeORM is answered: the port of the server that answers. */
export async function readPort(dataSource: DataSource): Promise<number> {
  const [row] = await dataSource
    .createQueryBuilder()
    .select('inet_server_port()', 'port')
    .from('(SELECT 1)', 'one')
    .getRawMany();
  return row.port;
}
