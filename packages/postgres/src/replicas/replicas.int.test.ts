import { DataSource } from 'typeorm';
import { readEvents, readReplicaStats } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import { createRepository } from '../repository/repository';
import { type Cluster, openCluster, openClusterSource, readPort } from '../test/cluster';
import { Note } from '../test/note';
import { rejection, until } from '../test/settings';
import { withClient } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
import type { RunOptions } from '../transactions/unit-of-work-options';

describe('replicas', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await openCluster(2);
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());
  beforeEach(() => withClient(cluster.primary.url, (client) => client.query('TRUNCATE note')));

  const urls = (): [string, string, string] => [
    cluster.primary.url,
    cluster.replicas[0]?.url ?? '',
    cluster.replicas[1]?.url ?? '',
  ];

  it('answer the reads, turn by turn, and the primary the rest', async () => {
    await using source = await openClusterSource(urls());
    await source.waitForStates('healthy', 'healthy');
    const { dataSource } = source;
    await dataSource.getRepository(Note).insert({ id: 1, text: 'a' });
    const ports = await Promise.all(Array.from({ length: 20 }, () => readPort(dataSource)));
    const oneByOne = [await readPort(dataSource), await readPort(dataSource)];
    const replicaPorts = cluster.replicas.map(({ port }) => port);
    expect([...new Set(ports)].toSorted()).toEqual(replicaPorts.toSorted());
    expect(oneByOne.toSorted()).toEqual(replicaPorts.toSorted());
    const [row] = await dataSource.query('SELECT inet_server_port() AS port');
    expect(row.port).toBe(cluster.primary.port);
    await dataSource.transaction(async (manager) => {
      const [inside] = await manager.query('SELECT inet_server_port() AS port');
      expect(inside.port).toBe(cluster.primary.port);
    });
    expect(readReplicaStats(dataSource)).toMatchObject([
      {
        name: `replica 127.0.0.1:${replicaPorts[0]}`,
        state: 'healthy',
        lagBytes: expect.any(Number),
        max: 3,
      },
      { state: 'healthy' },
    ]);
    expect(readPoolStats(dataSource).max).toBe(3);
  });

  it('answer what a compiled repository finds, and of statements by hand those that say so', async () => {
    await using source = await openClusterSource(urls());
    await source.waitForStates('healthy', 'healthy');
    const notes = createRepository(source.dataSource, Note);
    const ports: unknown[] = [];
    readEvents(source.dataSource).on('operation', ({ pool, text }) => {
      if (text.includes('note')) ports.push(pool === 'primary' ? 'primary' : 'replica');
    });
    const text = 'SELECT * FROM note WHERE id = $1';
    await notes.find();
    await notes.findPage({ order: { id: 'ASC' }, limit: 1 });
    for await (const _ of notes.stream()) break;
    await notes.query(text, [1]);
    await notes.query(text, [1], { fromReplica: true });
    await notes.queryRows(text, [1], { fromReplica: true });
    await source.dataSource.transaction((manager) =>
      createRepository(manager, Note).query(text, [1], { fromReplica: true }),
    );
    await notes.insert({ id: 1, text: 'a' });
    const reads = ['replica', 'replica', 'replica'];
    expect(ports).toEqual([...reads, 'primary', 'replica', 'replica', 'primary', 'primary']);
  });

  describe('of which one is dead', () => {
    it('fail the start of plain TypeORM, which leaves its pools open', async () => {
      const dataSource = new DataSource({
        type: 'postgres',
        replication: {
          master: { url: cluster.primary.url },
          slaves: [{ url: urls()[1] }, { url: 'postgres://a:b@127.0.0.1:1/c' }],
        },
        poolErrorHandler: () => {},
      });
      expect(await rejection(dataSource.initialize())).toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('do not fail the start here, and the others get the reads', async () => {
      await using source = await openClusterSource([urls()[0], 'postgres://a:b@127.0.0.1:1/c', urls()[1]]);
      await source.waitForStates('unreachable', 'healthy');
      expect(await readPort(source.dataSource)).toBe(cluster.replicas[0]?.port);
    });

    it('leave the reads to the primary when there is no other, until one is back', async () => {
      const [replica] = cluster.replicas;
      await using source = await openClusterSource([urls()[0], urls()[1]]);
      await source.waitForStates('healthy');
      expect(await readPort(source.dataSource)).toBe(replica?.port);
      await replica?.halt('immediate');
      // The first reader may find it out itself; nobody fails.
      expect(await readPort(source.dataSource)).toBe(cluster.primary.port);
      await source.waitForStates('unreachable');
      await replica?.resume();
      await source.waitForStates('healthy');
      expect(await readPort(source.dataSource)).toBe(replica?.port);
    });
  });

  it('that lag behind get no reads, until they have caught up', async () => {
    const [replica] = cluster.replicas;
    const lines: string[] = [];
    const log = (message: string, { to }: Record<string, unknown>) => lines.push(`${message}: ${to}`);
    const logger = { debug: log, info: log, warn: log, error: log };
    await using source = await openClusterSource([urls()[0], urls()[1]], {
      replicas: { maxLagMs: 100 },
      logger,
    });
    await source.waitForStates('healthy');
    await replica?.pauseReplay();
    await source.dataSource.getRepository(Note).insert({ id: 1, text: 'a' });
    await source.waitForStates('lagging');
    expect(readReplicaStats(source.dataSource)[0]?.lagMs).toBeGreaterThan(100);
    expect(readReplicaStats(source.dataSource)[0]?.lagBytes).toBeGreaterThan(0);
    expect(await readPort(source.dataSource)).toBe(cluster.primary.port);
    await replica?.resumeReplay();
    await source.waitForStates('healthy');
    expect(await readPort(source.dataSource)).toBe(replica?.port);
    expect(lines).toEqual([
      'A replica gets reads: healthy',
      'A replica gets no reads: lagging',
      'A replica gets reads: healthy',
    ]);
  });

  it('run a read-only unit of work that may run there, and no other', async () => {
    await using source = await openClusterSource([urls()[0], urls()[1]]);
    await source.waitForStates('healthy');
    const unitOfWork = createUnitOfWork(source.dataSource);
    const pools: string[] = [];
    readEvents(source.dataSource).on('transaction', ({ pool }) => pools.push(pool));
    const readServer = (options: RunOptions) =>
      unitOfWork.run(async (manager) => {
        const [row] = await manager.query('SELECT inet_server_port() AS port');
        return row.port;
      }, options);
    const replica = cluster.replicas[0]?.port;
    expect(await readServer({ readOnly: true, replica: true })).toBe(replica);
    expect(await readServer({ readOnly: true, replica: true, isolation: 'REPEATABLE READ' })).toBe(replica);
    expect(await readServer({ readOnly: true })).toBe(cluster.primary.port);
    // What is told of each names the pool that it ran on, as the events of its connection do.
    const name = `replica 127.0.0.1:${replica}`;
    expect(pools).toEqual([name, name, 'primary']);
    for (const options of [{ replica: true }, { readOnly: true, replica: true, isolation: 'SERIALIZABLE' }]) {
      expect(await rejection(readServer(options as RunOptions))).toMatchObject({
        code: 'INVALID_OPTION',
        option: 'replica',
      });
    }
  });

  it('leave no connection behind when the DataSource is closed', async () => {
    const source = await openClusterSource(urls());
    await source.waitForStates('healthy', 'healthy');
    await readPort(source.dataSource);
    await source[Symbol.asyncDispose]();
    for (const { adminUrl } of [cluster.primary, ...cluster.replicas]) {
      await until(() =>
        withClient(adminUrl, async (client) => {
          const { rows } = await client.query(
            `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'test'`,
          );
          return rows[0].count === 0;
        }),
      );
    }
  });
});
