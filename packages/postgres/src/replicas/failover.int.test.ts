import { openProxy, type Replica } from '@holdfast/local-postgres';
import { openDataSource } from '../data-source/open-data-source';
import { createClusterSource, openCluster, openClusterSource } from '../test/cluster';
import { Note } from '../test/note';
import { rejection, settle, until } from '../test/settings';
import { withClient } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createReadSession, withReadSession } from './read-session';

const PATIENT = { retry: { baseDelayMs: 10, maxDelayMs: 100, maxAttempts: 200 } };

describe('when the primary is lost', () => {
  it('the same DataSource writes to the replica that has taken its place, and reads go on meanwhile', async () => {
    await using cluster = await openCluster(1);
    const [replica] = cluster.replicas;
    await using source = await openClusterSource([cluster.primary.url, replica?.url ?? '']);
    const { dataSource } = source;
    await source.waitForStates('healthy');
    await dataSource.getRepository(Note).insert({ id: 1, text: 'before' });
    await replica?.waitForReplay();

    await cluster.primary.halt('immediate');
    expect(await dataSource.getRepository(Note).findOneBy({ id: 1 })).toMatchObject({ text: 'before' });
    const writing = createUnitOfWork(dataSource, PATIENT).run((manager) =>
      manager.insert(Note, { id: 2, text: 'after' }),
    );
    await replica?.promote();
    await writing;
    await withClient(replica?.url ?? '', async (client) => {
      const { rows } = await client.query('SELECT text FROM note ORDER BY id');
      expect(rows).toEqual([{ text: 'before' }, { text: 'after' }]);
    });
    // It answers reads no longer as a replica, but as the primary.
    await source.waitForStates('promoted');
    expect(await dataSource.getRepository(Note).findOneBy({ id: 2 })).not.toBeNull();
  });

  it('a DataSource that starts then finds the new one', async () => {
    await using cluster = await openCluster(1);
    const [replica] = cluster.replicas;
    await cluster.primary.halt('immediate');
    await replica?.promote();
    await using source = await openClusterSource([cluster.primary.url, replica?.url ?? '']);
    await source.dataSource.getRepository(Note).insert({ id: 1, text: 'a' });
  });

  it('and nobody has taken its place, the start fails in bounded time and says what each member is', async () => {
    await using cluster = await openCluster(1);
    const [replica] = cluster.replicas;
    await cluster.primary.halt('immediate');
    const dataSource = createClusterSource([cluster.primary.url, replica?.url ?? ''], {
      pool: { acquireMs: 300, createRetryMs: 20 },
    });
    const error = await rejection(openDataSource(dataSource, { attempts: 1 }));
    expect(error.message).toContain(`127.0.0.1:${replica?.port} is a standby`);
    expect(error.message).not.toContain('holdfast:holdfast');
  });

  it('connections that lead to a standby now are not lent again', async () => {
    await using cluster = await openCluster(1);
    const [replica] = cluster.replicas;
    // One address that leads to the primary first and to a standby later, as after a failover behind a name.
    let port = cluster.primary.port;
    await using proxy = await openProxy(() => port);
    const address = proxy.urlThrough(cluster.primary.url);
    await using source = await openClusterSource([address, cluster.primary.url, replica?.url ?? ''], {
      pool: { max: 2, min: 2 },
    });
    const { dataSource } = source;
    await dataSource.query('SELECT 1');
    port = replica?.port ?? 0;
    proxy.cut();
    await until(async () => {
      try {
        await dataSource.getRepository(Note).insert({ id: 1, text: 'a' });
        return true;
      } catch {
        return false;
      }
    });
    await withClient(cluster.primary.url, async (client) => {
      expect((await client.query('SELECT 1 FROM note')).rowCount).toBe(1);
    });
  });

  it('and only replaced, the new one is followed, and what goes on with the old one ends', async () => {
    await using cluster = await openCluster(1);
    const [replica] = cluster.replicas;
    await using source = await openClusterSource([cluster.primary.url, replica?.url ?? '']);
    const { dataSource } = source;
    await source.waitForStates('healthy');
    const lost = rejection(
      dataSource.transaction(async (manager) => {
        await manager.insert(Note, { id: 1, text: 'lost' });
        await replica?.promote();
        await source.waitForStates('promoted');
        await until(async () => {
          await manager.query('SELECT 1');
          return false;
        });
      }),
    );
    expect(await lost).toMatchObject({ driverError: { code: '08006' } });
    await dataSource.getRepository(Note).insert({ id: 2, text: 'kept' });
    await withClient(replica?.url ?? '', async (client) => {
      expect((await client.query('SELECT text FROM note')).rows).toEqual([{ text: 'kept' }]);
    });
  });

  it('and comes back without knowing that it was replaced, it gets no writes', async () => {
    await using cluster = await openCluster(1);
    const [replica] = cluster.replicas;
    await using source = await openClusterSource([cluster.primary.url, replica?.url ?? ''], {
      pool: { acquireMs: 500 },
    });
    const repository = source.dataSource.getRepository(Note);
    await source.waitForStates('healthy');
    await cluster.primary.halt('immediate');
    await replica?.promote();
    await until(async () => (await settle(repository.insert({ id: 1, text: 'a' }))) === 'done');
    await cluster.primary.resume();
    await replica?.halt('immediate');
    await until(async () => {
      const error = await settle(repository.insert({ id: 2, text: 'b' }));
      return error instanceof Error && error.message.includes('a former primary');
    });
    // It would have taken them.
    await withClient(cluster.primary.url, async (client) => {
      expect((await client.query('SELECT FROM note')).rowCount).toBe(0);
      await client.query(`INSERT INTO note VALUES (3, 'c')`);
    });
    await replica?.resume();
    await until(async () => (await settle(repository.insert({ id: 4, text: 'd' }))) === 'done');
  });

  it('by falling silent, what waits for it ends, and goes on with the new one', async () => {
    await using cluster = await openCluster(1);
    const [replica] = cluster.replicas;
    await using proxy = await openProxy(cluster.primary);
    const address = proxy.urlThrough(cluster.primary.url);
    await using source = await openClusterSource([address, replica?.url ?? '']);
    const { dataSource } = source;
    await source.waitForStates('healthy');
    await dataSource.query('SELECT 1');
    proxy.freeze();
    // One is sent to the old primary, and the other waits for a new connection to it.
    const sent = rejection(dataSource.query('SELECT 2'));
    const writing = createUnitOfWork(dataSource, PATIENT).run((manager) =>
      manager.insert(Note, { id: 1, text: 'a' }),
    );
    await replica?.promote();
    await writing;
    expect(await sent).toMatchObject({ driverError: { name: 'ConnectionLostError' } });
    await withClient(replica?.url ?? '', async (client) => {
      expect((await client.query('SELECT FROM note')).rowCount).toBe(1);
    });
    proxy.thaw();
    await withClient(cluster.primary.url, async (client) => {
      expect((await client.query('SELECT FROM note')).rowCount).toBe(0);
    });
  });

  it('to a replica that was behind another, the other shows nothing until it follows the new one', async () => {
    await using cluster = await openCluster(2);
    const [behind, ahead] = cluster.replicas as [Replica, Replica];
    await using source = await openClusterSource([cluster.primary.url, behind.url, ahead.url]);
    const { dataSource } = source;
    await source.waitForStates('healthy', 'healthy');
    await behind.waitForReplay();
    await withClient(behind.url, async (client) => {
      await client.query(`ALTER SYSTEM SET primary_conninfo = ''`);
      await client.query('SELECT pg_reload_conf()');
      await until(async () => (await client.query('SELECT FROM pg_stat_wal_receiver')).rowCount === 0);
    });
    await withClient(cluster.primary.url, (client) =>
      client.query(`INSERT INTO note SELECT id, repeat('x', 1000) FROM generate_series(1, 5000) AS id`),
    );
    await ahead.waitForReplay();
    await cluster.primary.halt('immediate');
    await behind.promote();
    await source.waitForStates('promoted', 'diverged');
    const session = createReadSession();
    const note = await withReadSession(session, async () => {
      await createUnitOfWork(dataSource, PATIENT).run((manager) =>
        manager.insert(Note, { id: 9_000, text: 'a' }),
      );
      return dataSource.getRepository(Note).findOneBy({ id: 9_000 });
    });
    expect(note).not.toBeNull();
    // By position alone it would do: it has more than the session needs.
    await withClient(ahead.url, async (client) => {
      const { rows } = await client.query(
        `SELECT pg_last_wal_replay_lsn() >= '${session.lsn}' AS "isThere", (SELECT count(*)::int FROM note) AS count`,
      );
      expect(rows).toEqual([{ isThere: true, count: 5_000 }]);
    });
  });

  it('before the start, nothing is written to the old one that came back, although it is the first in order', async () => {
    await using cluster = await openCluster(1);
    const [replica] = cluster.replicas as [Replica];
    await cluster.primary.halt('immediate');
    await replica.promote();
    await cluster.primary.resume();
    await using source = await openClusterSource([cluster.primary.url, replica.url]);
    await source.dataSource.getRepository(Note).insert({ id: 1, text: 'a' });
    await withClient(cluster.primary.url, async (client) => {
      expect((await client.query('SELECT FROM note')).rowCount).toBe(0);
    });
  });
});
