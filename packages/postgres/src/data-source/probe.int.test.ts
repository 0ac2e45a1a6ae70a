import { openProxy, openTemporaryServer } from '@holdfast/local-postgres';
import type { DataSource } from 'typeorm';
import { rejection, settings, until } from '../test/settings';
import { createPostgresDataSource } from './data-source';
import { closeDataSource, openDataSource } from './open-data-source';
import { probeServer } from './probe';
import { readPoolStats } from './read-pool-stats';

type Server = Awaited<ReturnType<typeof openTemporaryServer>>;

describe('probeServer', () => {
  let server: Server;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  function createDataSource(port: number, max = 2): DataSource {
    return createPostgresDataSource({
      url: Object.assign(new URL(server.url), { port: String(port) }).href,
      pool: { ...settings, max, destroyMs: 100 },
      applicationName: 'probe',
      entities: [],
      migrations: [],
    });
  }

  it('tells latency, version and role of a server that answers', async () => {
    const dataSource = await openDataSource(createDataSource(server.port));
    const probe = await probeServer(dataSource, { timeoutMs: 10_000 });
    expect(probe).toEqual({
      latencyMs: expect.any(Number),
      serverVersion: expect.stringMatching(new RegExp(`^${server.version}\\.`)),
      isPrimary: true,
    });
    expect(readPoolStats(dataSource)).toMatchObject({ used: 0, waiting: 0, total: 1 });
    await closeDataSource(dataSource);
  });

  it('is bounded on a frozen connection, which is not given back', async () => {
    await using proxy = await openProxy(server);
    const dataSource = await openDataSource(createDataSource(proxy.port));
    await probeServer(dataSource, { timeoutMs: 10_000 });

    proxy.freeze();
    const error = await rejection(probeServer(dataSource, { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: 'PROBE_TIMEOUT', stage: 'answer', timeoutMs: 50 });
    await until(() => readPoolStats(dataSource).total === 0);
    expect(readPoolStats(dataSource)).toMatchObject({ used: 0, free: 0, waiting: 0 });

    const second = await rejection(probeServer(dataSource, { timeoutMs: 50 }));
    expect(second).toMatchObject({ code: 'PROBE_TIMEOUT', stage: 'acquire' });

    proxy.thaw();
    await expect(probeServer(dataSource, { timeoutMs: 10_000 })).resolves.toMatchObject({ isPrimary: true });
    await until(() => readPoolStats(dataSource).used === 0);
    await closeDataSource(dataSource);
  });

  it('is bounded when every connection is in use, and leaves them alone', async () => {
    const dataSource = await openDataSource(createDataSource(server.port, 1));
    const runner = dataSource.createQueryRunner();
    await runner.connect();
    const error = await rejection(probeServer(dataSource, { timeoutMs: 50 }));
    expect(error).toMatchObject({
      code: 'PROBE_TIMEOUT',
      stage: 'acquire',
      cause: expect.objectContaining({ code: 'POOL_EXHAUSTED', used: 1, max: 1 }),
    });
    await expect(runner.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    await runner.release();
    await expect(probeServer(dataSource, { timeoutMs: 10_000 })).resolves.toMatchObject({ isPrimary: true });
    await closeDataSource(dataSource);
  });

  it('refuses a timeout out of range and a DataSource that is not open', async () => {
    const dataSource = createDataSource(server.port);
    expect(await rejection(probeServer(dataSource, { timeoutMs: 0 }))).toMatchObject({
      code: 'INVALID_OPTION',
      option: 'timeoutMs',
    });
    expect(await rejection(probeServer(dataSource, { timeoutMs: 10 }))).toMatchObject({
      code: 'DATA_SOURCE_NOT_OPEN',
    });
  });
});
