import { openProxy, type Replica } from '@holdfast/local-postgres';
import { from as copyFrom } from 'pg-copy-streams';
import type { DataSource } from 'typeorm';
import { readEvents, readReplicaStats, requirePool } from '../data-source/pool-registry';
import { type Cluster, openCluster, openClusterSource, readPort } from '../test/cluster';
import { Note } from '../test/note';
import { until } from '../test/settings';
import { withClient } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createReadSession, withReadSession } from './read-session';
import { readSessionLsn } from './read-session-lsn';

const write = (dataSource: DataSource, id: number) =>
  createUnitOfWork(dataSource).run((manager) => manager.insert(Note, { id, text: 'a' }));
const read = (dataSource: DataSource, id: number) => dataSource.getRepository(Note).findOneBy({ id });

describe('reads in a read session', () => {
  let cluster: Cluster;
  let replica: Replica;
  beforeAll(async () => {
    cluster = await openCluster(1);
    replica = cluster.replicas[0] as Replica;
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());
  beforeEach(() => withClient(cluster.primary.url, (client) => client.query('TRUNCATE note')));

  /** The replica shows the past while the work runs, and is up to date afterwards. */
  async function whilePaused<T>(work: () => Promise<T>): Promise<T> {
    await replica.waitForReplay();
    await replica.pauseReplay();
    try {
      return await work();
    } finally {
      await replica.resumeReplay();
      await replica.waitForReplay();
    }
  }

  const openSource = (waitMs: number, url = replica.url) =>
    openClusterSource([cluster.primary.url, url], { replicas: { waitMs, maxLagMs: 60_000 } });

  it('show what a unit of work in it has committed; without it they do not', async () => {
    await using source = await openSource(20);
    const { dataSource } = source;
    await source.waitForStates('healthy');
    await whilePaused(async () => {
      const session = createReadSession();
      await withReadSession(session, () => write(dataSource, 1));
      expect(session.needsPrimary).toBe(false);
      expect(await read(dataSource, 1)).toBeNull();
      expect(await withReadSession(session, () => read(dataSource, 1))).not.toBeNull();
      // Carried on in another request.
      const next = createReadSession({ lsn: session.lsn });
      expect(await withReadSession(next, () => read(dataSource, 1))).not.toBeNull();
    });
  });

  it('are answered by the replica as soon as it has replayed it', async () => {
    await using proxy = await openProxy(replica);
    await using source = await openSource(30_000, proxy.urlThrough(replica.url));
    const { dataSource } = source;
    await source.waitForStates('healthy');
    const pools: string[] = [];
    readEvents(dataSource).on('operation', ({ text, pool }) => {
      if (text.includes('SELECT "Note"')) pools.push(pool);
    });
    let reading: Promise<Note | null> | undefined;
    await whilePaused(async () => {
      const session = createReadSession();
      await withReadSession(session, () => write(dataSource, 2));
      reading = withReadSession(session, () => read(dataSource, 2));
      await untilAskedAgain(proxy);
      // Nobody else has to do without the connections of the replica meanwhile.
      expect(readReplicaStats(dataSource)[0]?.used).toBe(0);
      expect(pools).toEqual([]);
    });
    expect(await reading).not.toBeNull();
    expect(pools).toEqual([`replica 127.0.0.1:${proxy.port}`]);
  });

  it('ask on a connection that is younger than what is known of its server', async () => {
    await using source = await openClusterSource([cluster.primary.url, replica.url], {
      replicas: { waitMs: 10_000, checkMs: 60_000 },
    });
    const { dataSource } = source;
    await source.waitForStates('healthy');
    const asked: string[] = [];
    readEvents(dataSource).on('operation', ({ text, pool }) => {
      if (pool !== 'primary') asked.push(text);
    });
    const session = createReadSession();
    await withReadSession(session, async () => {
      await write(dataSource, 3);
      await read(dataSource, 3);
      expect(asked).toEqual([
        expect.stringContaining('pg_last_wal_replay_lsn'),
        expect.stringContaining('"Note"'),
      ]);
      // By now the server was looked at while the connection was open.
      asked.length = 0;
      await write(dataSource, 4);
      await read(dataSource, 4);
      expect(asked).toEqual([expect.stringContaining('"Note"')]);
    });
  });

  describe('that wait for a replica', () => {
    it('are answered by the primary when it dies', async () => {
      await using proxy = await openProxy(replica);
      await using source = await openSource(30_000, proxy.urlThrough(replica.url));
      const { dataSource } = source;
      await source.waitForStates('healthy');
      await whilePaused(async () => {
        const session = createReadSession();
        await withReadSession(session, () => write(dataSource, 4));
        const reading = withReadSession(session, () => read(dataSource, 4));
        await untilAskedAgain(proxy);
        proxy.refuse(true);
        proxy.cut();
        expect(await reading).not.toBeNull();
        expect(readReplicaStats(dataSource)[0]).toMatchObject({ used: 0, waiting: 0 });
      });
    });

    it('are answered by the primary when it falls silent', async () => {
      await using proxy = await openProxy(replica);
      await using source = await openSource(100, proxy.urlThrough(replica.url));
      const { dataSource } = source;
      await source.waitForStates('healthy');
      await read(dataSource, 5);
      await whilePaused(async () => {
        const session = createReadSession();
        await withReadSession(session, () => write(dataSource, 5));
        proxy.freeze();
        expect(await withReadSession(session, () => read(dataSource, 5))).not.toBeNull();
        await until(() => readReplicaStats(dataSource)[0]?.used === 0);
        proxy.thaw();
      });
    });
  });

  it('cost the unit of work before them no round trip', async () => {
    await using proxy = await openProxy(cluster.primary);
    await using source = await openClusterSource([proxy.urlThrough(cluster.primary.url), replica.url], {
      replicas: { checkMs: 60_000 },
    });
    const { dataSource } = source;
    await source.waitForStates('healthy');
    const unitOfWork = createUnitOfWork(dataSource, { witness: false });
    const count = async (work: () => Promise<unknown>): Promise<number> => {
      proxy.resetCounts();
      await work();
      return proxy.counts.roundTrips;
    };
    const insert = (id: number) =>
      unitOfWork.run((manager) => manager.query(`INSERT INTO note VALUES (${id}, 'a')`));
    await insert(20);
    const session = createReadSession();
    const without = await count(() => insert(21));
    expect(await count(() => withReadSession(session, () => insert(22)))).toBe(without);
    expect(session.position).toBeGreaterThan(0n);
  });

  it('go to the primary after a write whose position nobody asked for', async () => {
    await using source = await openSource(100);
    await source.waitForStates('healthy');
    const session = createReadSession();
    await withReadSession(session, async () => {
      expect(await readPort(source.dataSource)).toBe(replica.port);
      await source.dataSource.getRepository(Note).insert({ id: 6, text: 'a' });
      expect(session.needsPrimary).toBe(true);
      expect(await readPort(source.dataSource)).toBe(cluster.primary.port);
    });
    // Others are not concerned.
    expect(await readPort(source.dataSource)).toBe(replica.port);
  });

  it('go to the primary after rows were copied in', async () => {
    await using source = await openSource(100);
    const session = createReadSession();
    await withReadSession(session, async () => {
      const client = await requirePool(source.dataSource).acquire();
      const stream = client.query(copyFrom('COPY note FROM STDIN'));
      const done = new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject));
      stream.end('7\ta\n');
      await done;
      client.release();
    });
    expect(session.needsPrimary).toBe(true);
  });

  it('show in the next session what was written in any way, when it begins where this one ended', async () => {
    await using source = await openSource(20);
    const { dataSource } = source;
    await source.waitForStates('healthy');
    await whilePaused(async () => {
      const session = createReadSession();
      await withReadSession(session, () => dataSource.getRepository(Note).insert({ id: 8, text: 'a' }));
      expect(await read(dataSource, 8)).toBeNull();
      // Without a question, the next one needs the primary as this one does.
      const cautious = createReadSession({ lsn: session.lsn });
      expect(cautious.needsPrimary).toBe(true);
      expect(await withReadSession(cautious, () => read(dataSource, 8))).not.toBeNull();
      const next = createReadSession({ lsn: await readSessionLsn(dataSource, session) });
      expect(next.needsPrimary).toBe(false);
      expect(await withReadSession(next, () => read(dataSource, 8))).not.toBeNull();
    });
  });
});

/** Resolves when a replica was asked several times: more than once by whoever waits for it. */
async function untilAskedAgain(proxy: Awaited<ReturnType<typeof openProxy>>): Promise<void> {
  proxy.resetCounts();
  await until(() => (proxy.counts.frontend.Q ?? 0) >= 5);
}
