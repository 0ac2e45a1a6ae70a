import { openProxy, type Replica } from '@holdfast/local-postgres';
import { closeDataSource } from '../data-source/open-data-source';
import { readReplicaStats } from '../data-source/pool-registry';
import { type Cluster, createClusterSource, openCluster, openClusterSource, readPort } from '../test/cluster';
import { rejection, settle, until } from '../test/settings';
import { withClient } from '../test/transfers';

describe('the watch over a cluster', () => {
  let cluster: Cluster;
  let replicas: readonly [Replica, Replica];
  beforeAll(async () => {
    cluster = await openCluster(2);
    replicas = cluster.replicas as unknown as [Replica, Replica];
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it('sees at once that a replica was far behind before it began', async () => {
    const [replica] = replicas;
    await replica.pauseReplay();
    try {
      await withClient(cluster.primary.url, (client) => client.query(`INSERT INTO note VALUES (1, 'a')`));
      await withClient(replica.url, (client) =>
        until(async () => {
          const { rows } = await client.query(
            `SELECT clock_timestamp() - pg_last_xact_replay_timestamp() > '300 ms' AS "isOld"`,
          );
          return rows[0].isOld ?? true;
        }),
      );
      await using source = await openClusterSource([cluster.primary.url, replica.url], {
        replicas: { maxLagMs: 300, checkMs: 60_000 },
      });
      await source.waitForStates('lagging');
      expect(await readPort(source.dataSource)).toBe(cluster.primary.port);
    } finally {
      await replica.resumeReplay();
      await replica.waitForReplay();
    }
  });

  it('looks at the others as often while one is silent', async () => {
    await using silent = await openProxy(replicas[0]);
    await using watched = await openProxy(replicas[1]);
    const { url } = cluster.primary;
    await using source = await openClusterSource([url, silent.urlThrough(url), watched.urlThrough(url)]);
    await source.waitForStates('healthy', 'healthy');
    silent.freeze();
    watched.resetCounts();
    // That takes as long as many looks at the other.
    await source.waitForStates('unreachable', 'healthy');
    expect(watched.counts.frontend.Q).toBeGreaterThan(5);
    // It gets reads again when it speaks, on connections that it knows.
    silent.thaw();
    await source.waitForStates('healthy', 'healthy');
    const ports = await Promise.all(Array.from({ length: 6 }, () => readPort(source.dataSource)));
    expect(new Set(ports).size).toBe(2);
  });

  it('lets the member at `url` answer reads when it is a standby', async () => {
    const [replica] = replicas;
    await using source = await openClusterSource([replica.url, cluster.primary.url]);
    await source.waitForStates('healthy', 'promoted');
    expect(readReplicaStats(source.dataSource)[0]?.name).toBe(`replica 127.0.0.1:${replica.port}`);
    expect(await readPort(source.dataSource)).toBe(replica.port);
    const [row] = await source.dataSource.query('SELECT inet_server_port() AS port');
    expect(row.port).toBe(cluster.primary.port);
  });

  it('believes a reader that a replica lets nobody in, although it answers to whoever is in', async () => {
    const [replica] = replicas;
    await using proxy = await openProxy(replica);
    const { url } = cluster.primary;
    const states: unknown[] = [];
    const note = (_message: string, { to }: Record<string, unknown>) => states.push(to);
    await using source = await openClusterSource([url, proxy.urlThrough(url)], {
      logger: { debug: note, info: note, warn: note, error: note },
    });
    await source.waitForStates('healthy');
    proxy.refuse(true);
    for (let reads = 0; reads < 100; reads += 1) {
      expect(await readPort(source.dataSource)).toBe(cluster.primary.port);
    }
    expect(states).toEqual(['healthy', 'unreachable']);
    proxy.refuse(false);
    await source.waitForStates('healthy');
    expect(await readPort(source.dataSource)).toBe(replica.port);
  });

  it('releases the readers who wait for a replica when it falls silent', async () => {
    await using proxy = await openProxy(replicas[0]);
    const { url } = cluster.primary;
    await using source = await openClusterSource([url, proxy.urlThrough(url)], {
      replicas: { pool: { max: 1 } },
    });
    await source.waitForStates('healthy');
    await readPort(source.dataSource);
    proxy.freeze();
    // The first holds the only connection, and is told when it is cut.
    const sent = settle(readPort(source.dataSource));
    const waiting = Array.from({ length: 5 }, () => readPort(source.dataSource));
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([cluster.primary.port]));
    proxy.cut();
    expect(await sent).toBeInstanceOf(Error);
  });

  it('leaves a replica alone that is busy: who may wait no longer is answered by the primary', async () => {
    const [replica] = replicas;
    await using source = await openClusterSource([cluster.primary.url, replica.url], {
      replicas: { pool: { max: 1, acquireMs: 100 } },
    });
    const { dataSource } = source;
    await source.waitForStates('healthy');
    const runner = dataSource.createQueryRunner('slave');
    try {
      await runner.connect();
      expect(readReplicaStats(dataSource)[0]?.used).toBe(1);
      expect(await readPort(dataSource)).toBe(cluster.primary.port);
      expect(readReplicaStats(dataSource)[0]?.state).toBe('healthy');
    } finally {
      await runner.release();
    }
  });

  it('does not begin before there is a primary, so that a failed start leaves nothing open', async () => {
    await using proxy = await openProxy(replicas[0]);
    const dataSource = createClusterSource([
      'postgres://a:b@127.0.0.1:1/c',
      proxy.urlThrough(cluster.primary.url),
    ]);
    await rejection(dataSource.initialize());
    await until(() => proxy.connections === 0);
    proxy.resetCounts();
    // TypeORM has forgotten the pools; whoever made them closes them.
    await closeDataSource(dataSource);
    expect(proxy.counts.connections).toBe(0);
  });
});
