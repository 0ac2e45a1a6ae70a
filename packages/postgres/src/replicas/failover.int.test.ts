import { openProxy } from '@holdfast/local-postgres';
import { openDataSource } from '../data-source/open-data-source';
import { createClusterSource, openCluster, openClusterSource } from '../test/cluster';
import { Note } from '../test/note';
import { rejection, until } from '../test/settings';
import { withClient } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';

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
});
