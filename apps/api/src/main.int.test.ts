import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { lockOrganizations } from './test/table-lock';
import { TEST_KEY, TEST_PEPPER, writeTestKey } from './test/test-service';

const MAIN = join(__dirname, '..', 'dist', 'main.js');
const QUESTION = '/v1/organizations?domain=acme.example';
const FOREVER_MS = '600000';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await writeTestKey(database.url);
});
afterAll(() => database.drop());

/** The service as its own process, the way it is deployed. */
class ServiceProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<{ code: number | null }>;
  #stdout = '';
  stderr = '';

  constructor(variables: Record<string, string>) {
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      PORT: '0',
      DATABASE_URL: database.url,
      API_KEY_PEPPER: TEST_PEPPER,
      ...variables,
    };
    this.#child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (text) => {
      this.#stdout += text;
    });
    this.#child.stderr?.on('data', (text) => {
      this.stderr += text;
    });
    this.exited = once(this.#child, 'close').then(([code]) => ({ code }));
  }

  /** Resolves with the first log line of this message. */
  async waitForLine(message: string): Promise<Record<string, unknown>> {
    for (;;) {
      const lines = this.#stdout.split('\n').filter((line) => line.endsWith('}'));
      const line = lines.map((text) => JSON.parse(text)).find((entry) => entry.message === message);
      if (line !== undefined) return line;
      if (this.#child.exitCode !== null) throw new Error(`exited without "${message}": ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Whoever read these has gone, as after `| head -1`. */
  closeOutput(...names: ('stdout' | 'stderr')[]): void {
    for (const name of names) this.#child[name]?.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  end(): void {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }
}

let service: ServiceProcess;
afterEach(() => service.end());

const ask = (url: string) => fetch(`${url}${QUESTION}`, { headers: { authorization: `Bearer ${TEST_KEY}` } });

async function start(variables: Record<string, string> = {}): Promise<string> {
  service = new ServiceProcess(variables);
  const { address } = await service.waitForLine('Service listens');
  return String(address);
}

describe('told to stop', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s, finishes what runs, takes nothing new, exits with 0',
    async (signal) => {
      const url = await start({ SHUTDOWN_TIMEOUT_MS: FOREVER_MS });
      const lock = await lockOrganizations(database.url);
      const running = ask(url);
      await lock.waitForWaiting(1);

      service.signal(signal);
      await service.waitForLine('Service shuts down');
      await expect(fetch(`${url}/livez`)).rejects.toThrow();
      await lock.release();

      expect((await running).status).toBe(200);
      expect((await service.exited).code).toBe(0);
      expect(await service.waitForLine('Service has shut down')).toMatchObject({ cut: 0 });
    },
  );

  it('by a terminal that hangs up twice, still finishes what runs', async () => {
    const url = await start({ SHUTDOWN_TIMEOUT_MS: FOREVER_MS });
    const lock = await lockOrganizations(database.url);
    const running = ask(url);
    await lock.waitForWaiting(1);
    service.signal('SIGHUP');
    await service.waitForLine('Service shuts down');
    service.signal('SIGHUP');
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    await lock.release();
    expect((await running).status).toBe(200);
    expect((await service.exited).code).toBe(0);
  });

  it.each([[['stdout']], [['stdout', 'stderr']]] as const)(
    'by the end of whoever read %j, answers what runs and exits with 0',
    async (names) => {
      const url = await start();
      service.closeOutput(...names);
      expect((await fetch(`${url}/v1/nothing`)).status).toBe(404);
      expect((await service.exited).code).toBe(0);
      expect(service.stderr).toBe('');
    },
  );

  it('by nobody, goes on when only whoever read the errors has gone', async () => {
    const url = await start();
    service.closeOutput('stderr');
    expect((await fetch(`${url}/v1/nothing`)).status).toBe(404);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    service.signal('SIGTERM');
    expect((await service.exited).code).toBe(0);
  });

  it('answers every request that a connection had sent before', async () => {
    const url = await start({ SHUTDOWN_TIMEOUT_MS: FOREVER_MS });
    const lock = await lockOrganizations(database.url);
    const { socket, read } = await openConnection(url);
    const closed = once(socket, 'close');
    socket.write(
      `GET ${QUESTION} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TEST_KEY}\r\n\r\n`.repeat(2),
    );
    await lock.waitForWaiting(2);
    service.signal('SIGTERM');
    await service.waitForLine('Service shuts down');
    await lock.release();
    await closed;
    expect(read().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect((await service.exited).code).toBe(0);
  });

  it('does not wait for idle connections, used before or never', async () => {
    const url = await start({ SHUTDOWN_TIMEOUT_MS: FOREVER_MS });
    const unused = await openConnection(url);
    const used = await openConnection(url);
    used.socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(used.socket, 'data');
    service.signal('SIGTERM');
    expect((await service.exited).code).toBe(0);
    unused.socket.destroy();
    used.socket.destroy();
  });

  it('cuts what runs beyond the deadline, and says how many', async () => {
    const url = await start({ SHUTDOWN_TIMEOUT_MS: '100', DATABASE_POOL_DESTROY_MS: '100' });
    const lock = await lockOrganizations(database.url);
    const running = Promise.allSettled([ask(url), ask(url)]);
    await lock.waitForWaiting(2);
    service.signal('SIGTERM');
    expect((await service.exited).code).toBe(0);
    expect((await running).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await service.waitForLine('Service has shut down')).toMatchObject({ cut: 2 });
    await lock.release();
  });

  it('twice, ends at once', async () => {
    const url = await start({ SHUTDOWN_TIMEOUT_MS: FOREVER_MS });
    const lock = await lockOrganizations(database.url);
    const running = Promise.allSettled([ask(url)]);
    await lock.waitForWaiting(1);
    service.signal('SIGTERM');
    await service.waitForLine('Service shuts down');
    // The first of these may be taken for what npm makes of the one before.
    const again = setInterval(() => service.signal('SIGTERM'), 100);
    const { code } = await service.exited;
    clearInterval(again);
    expect(code).toBe(143);
    await running;
    await lock.release();
  });
});

describe('unable to start', () => {
  it.each([
    [{ PORT: 'http' }, 'PORT is "http": a whole number from 0 (any free port) to 65535'],
    [{ LOG_LEVEL: 'loud', NODE_ENV: 'prod' }, /^LOG_LEVEL is "loud": .*; NODE_ENV is "prod": one of /],
    [{ DATABASE_URL: 'mysql://u:secret@h/d' }, /^DATABASE_URL: (?!.*secret)/],
    [
      { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/d', DATABASE_POOL_ACQUIRE_MS: '50' },
      /^Cannot connect (?!.*secret)/,
    ],
  ] as const)('says why in one line: %j', async (variables, line) => {
    service = new ServiceProcess(variables);
    expect((await service.exited).code).toBe(1);
    expect(service.stderr).toMatch(/^holdfast-api: [^\n]+\n$/);
    expect(service.stderr.slice('holdfast-api: '.length).trimEnd()).toEqual(
      typeof line === 'string' ? line : expect.stringMatching(line),
    );
  });

  it('says that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    service = new ServiceProcess({ PORT: String(port) });
    expect((await service.exited).code).toBe(1);
    expect(service.stderr).toBe(
      `holdfast-api: cannot listen on 127.0.0.1:${port}: another process listens there already; stop it or choose another PORT\n`,
    );
    other.close();
  });
});

async function openConnection(url: string): Promise<{ socket: Socket; read: () => string }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  // A reset is one of the ways in which the other side may end it.
  socket.on('error', () => {});
  await once(socket, 'connect');
  return { socket, read: () => text };
}
