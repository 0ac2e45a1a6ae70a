import type { PoolConfig } from 'pg';
import { HoldfastPool } from '../pool/pool';
import type { HoldfastPoolOptions } from '../pool/pool-options';
import { type ClusterMember, readMembers } from './cluster-member';
import { ObservedServer } from './observed-server';
import { PrimaryRoute } from './primary-route';
import { Replica } from './replica';
import { ReplicaRouter } from './replica-router';
import type { RequiredReplicaSettings } from './replica-settings';
import { ReplicaWatch } from './replica-watch';

/** What TypeORM's configuration says instead of a URL where the replicas are meant. */
export const REPLICAS = 'replicas';

/** The pools of one cluster: one to whichever member is the primary, and one to each replica. */
export interface ClusterPools {
  readonly primary: HoldfastPool;
  readonly router: ReplicaRouter;
  readonly replicas: readonly Replica[];
}

/** Makes the pools of a cluster, and begins to watch its replicas. Opens nothing else. */
export function createClusterPools(
  config: PoolConfig,
  url: string,
  options: HoldfastPoolOptions,
  settings: RequiredReplicaSettings,
): ClusterPools {
  const members = readMembers([url, ...settings.urls]);
  const route = new PrimaryRoute(members, (standby) => primary.cutIdleTo(standby));
  const primary: HoldfastPool = new HoldfastPool(config, { ...options, route });
  const replicas = readMembers(settings.urls).map((member) => {
    const name = `replica ${member.name}`;
    const pool = new HoldfastPool(
      { ...config, connectionString: member.url },
      {
        ...options,
        name,
        settings: { ...options.settings, ...settings.pool },
        route: fixedRoute(member),
        failsFast: true,
      },
    );
    pool.on('error', () => {});
    return new Replica(name, pool);
  });
  const { checkMs, maxLagMs, waitMs } = settings;
  const { logger } = options;
  const watch = new ReplicaWatch({
    primary: new ObservedServer(primary),
    replicas,
    checkMs,
    maxLagMs,
    logger,
    isOver: () => primary.ending,
  });
  watch.start();
  return { primary, replicas, router: new ReplicaRouter({ primary, replicas, watch, waitMs }) };
}

function fixedRoute({ url }: ClusterMember) {
  return { nextUrl: () => url, admit: () => {}, failed: () => {}, hasUntried: false };
}
