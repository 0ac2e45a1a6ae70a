import type { PoolConfig } from 'pg';
import type { Route } from '../connection/route';
import { HoldfastPool } from '../pool/pool';
import type { HoldfastPoolOptions } from '../pool/pool-options';
import { type ClusterMember, readMembers } from './cluster-member';
import { PrimaryRoute } from './primary-route';
import { Replica, type ReplicaStats } from './replica';
import { ReplicaRouter } from './replica-router';
import type { RequiredReplicaSettings } from './replica-settings';
import { ReplicaWatch } from './replica-watch';

/** What TypeORM's configuration says instead of a URL where the replicas are meant. */
export const REPLICAS = 'replicas';

/** The pools of one cluster: one to whichever member is the primary, and one to each member as a standby. */
export interface ClusterPools {
  readonly primary: HoldfastPool;
  readonly router: ReplicaRouter;
  readonly members: readonly Replica[];
  /** What is known of those that are meant to be replicas, and of the member at `url` once it is one. */
  readReplicaStats(): readonly ReplicaStats[];
}

/** Makes the pools of a cluster. Opens nothing; its members are watched from the first connection to a primary on. */
export function createClusterPools(
  config: PoolConfig,
  url: string,
  options: HoldfastPoolOptions,
  settings: RequiredReplicaSettings,
): ClusterPools {
  const servers = readMembers([url, ...settings.urls]);
  const { logger } = options;
  const route = new PrimaryRoute(servers, {
    survey: () => watch.start(),
    onStandby: (standby) => primary.cutIdleTo(standby),
    onReplaced: (newest) => {
      const name = servers.find((server) => server.url === newest)?.name;
      logger?.warn('Another member of the cluster is the primary now', { primary: name });
      primary.cutAllBut(newest);
      watch.restart();
    },
  });
  const primary: HoldfastPool = new HoldfastPool(config, { ...options, route });
  const members = servers.map(
    (server) => new Replica(server, createReplicaPool(config, server, options, settings)),
  );
  const { checkMs, maxLagMs, waitMs } = settings;
  const watch = new ReplicaWatch({ members, route, checkMs, maxLagMs, logger, isOver: () => primary.ending });
  return {
    primary,
    members,
    router: new ReplicaRouter({ primary, members, watch, waitMs }),
    readReplicaStats: () =>
      members
        .filter((member) => settings.urls.includes(member.url) || member.hasBeenStandby)
        .map(({ stats }) => stats),
  };
}

function createReplicaPool(
  config: PoolConfig,
  member: ClusterMember,
  options: HoldfastPoolOptions,
  settings: RequiredReplicaSettings,
): HoldfastPool {
  const pool = new HoldfastPool(
    { ...config, connectionString: member.url },
    {
      ...options,
      name: `replica ${member.name}`,
      settings: settings.pool,
      route: fixedRoute(member),
      failsFast: true,
    },
  );
  // The pool's events tell of it.
  pool.on('error', () => {});
  return pool;
}

function fixedRoute({ url }: ClusterMember): Route {
  return {
    nextUrl: () => url,
    admit: () => {},
    failed: () => {},
    explain: (error) => error,
    hasUntried: false,
  };
}
