import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import {
  isPgBouncerInstalled,
  openPgBouncer,
  openTemporaryServer,
  type PgBouncerMode,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import pg from 'pg';
import { createDataSource } from '../create-data-source';
import { createLogAnnouncer, EVENTS_CHANNEL } from './announcements';
import { openLogListener } from './listener';

/** The address of a server that is reached at the third attempt. */
async function openLateServer(url: string) {
  let attempts = 0;
  const target = new URL(url);
  const late = createServer((socket) => {
    attempts += 1;
    if (attempts < 3) return socket.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
    return socket.pipe(upstream).pipe(socket);
  });
  await once(late.listen(0, '127.0.0.1'), 'listening');
  const { port } = late.address() as AddressInfo;
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    close: () => void late.close(),
  };
}

const silent = () => undefined;
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

/** What the listener asked last, as the server knows it. */
const LAST_QUESTION = `select query from pg_stat_activity where application_name like '%listener'`;

(isPgBouncerInstalled() ? describe : describe.skip)('a listener behind PgBouncer', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
  });
  afterAll(() => server?.stop());

  async function open(
    mode: PgBouncerMode,
    pooler: string,
    listenAt: 'server' | 'pooler' | 'late server' | '' = '',
  ) {
    const bouncer = await openPgBouncer(server, { mode, settings: { admin_users: 'holdfast' } });
    const open = async (url: string) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    };
    const [direct, admin] = [
      await open(server.url),
      await open(Object.assign(new URL(bouncer.url), { pathname: '/pgbouncer' }).href),
    ];
    const stop = new AbortController();
    const late = await openLateServer(server.url);
    const addresses = { server: server.url, pooler: bouncer.url, 'late server': late.url, '': '' };
    const dataSource = createDataSource('test', {
      DATABASE_URL: bouncer.url,
      DATABASE_POOLER: pooler,
      DATABASE_LISTEN_URL: addresses[listenAt],
    });
    await dataSource.initialize();
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const listener = openLogListener(dataSource, {
      signal: stop.signal,
      logger: { ...SILENT, warn },
      retryMs: 1,
    });
    return {
      listener,
      warnings,
      dataSource,
      announce: () => direct.query(`notify ${EVENTS_CHANNEL}`),
      async waitForQuestion(part: string) {
        const ask = () => direct.query<{ query: string }>(LAST_QUESTION);
        while (!(await ask()).rows.some(({ query }) => query.includes(part)));
      },
      async countClients() {
        const { rows } = await admin.query('show clients');
        return rows.filter(({ application_name: name }) => String(name).endsWith('listener')).length;
      },
      async [Symbol.asyncDispose]() {
        await listener.close();
        late.close();
        await dataSource.destroy();
        await Promise.all([direct.end(), admin.end()]);
        await bouncer.stop();
      },
    };
  }

  it('in session mode listens, and is woken', async () => {
    await using behind = await open('session', 'session');
    await behind.waitForQuestion('listen');
    // What was appended before it listened.
    await behind.listener.wait(60_000);
    const woken = behind.listener.wait(60_000);
    await behind.announce();
    await woken;
  });

  it('in transaction mode, found out, goes again, as what it would hear came to others', async () => {
    await using behind = await open('transaction', 'auto');
    await behind.waitForQuestion('pg_backend_pid');
    while ((await behind.countClients()) > 0);
  });

  it('in transaction mode, as the settings say, does not even connect', async () => {
    await using behind = await open('transaction', 'transaction-prepared');
    await behind.listener.wait(1);
    expect(await behind.countClients()).toBe(0);
  });

  it.each(['transaction-prepared', 'auto'])(
    'in transaction mode, as %s, listens at the server itself where it has the address, and hears of what goes through the pooler',
    async (pooler) => {
      await using behind = await open('transaction', pooler, 'server');
      await behind.waitForQuestion('listen');
      await behind.listener.wait(60_000);
      expect(await behind.countClients()).toBe(0);
      const woken = behind.listener.wait(60_000);
      const announcer = createLogAnnouncer(behind.dataSource);
      announcer.announce();
      await woken;
      await announcer.close();
      expect(behind.warnings).toEqual([]);
    },
  );

  it('says that the address for it leads to a pooler', async () => {
    await using behind = await open('transaction', 'transaction-prepared', 'pooler');
    while (behind.warnings.length === 0) await behind.listener.wait(1);
    expect(behind.warnings).toEqual([expect.stringMatching(/leads to a pooler, not to the server itself/)]);
  });

  it('says once that nobody answers at the address for it, however often, and listens when somebody does', async () => {
    await using behind = await open('transaction', 'transaction-prepared', 'late server');
    await behind.waitForQuestion('listen');
    await behind.listener.wait(60_000);
    expect(behind.warnings).toEqual([expect.stringMatching(/cannot be listened at/)]);
  });
});
