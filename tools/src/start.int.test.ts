import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTestDatabase, readLocalServer } from '@holdfast/local-postgres';
import { type CommandProcess, runCommandProcess } from './test/command-process';
import { isRunning, listWithParent, waitForEnd } from './test/processes';
import { openScratchFolder } from './test/scratch-folder';

const ready = /Stop with Ctrl-C/;

/** Run in the process: a signal that arrives right after the call that takes the port. */
const STOP_AT_LISTEN = `
  const { Server } = require('node:net');
  const { listen } = Server.prototype;
  Server.prototype.listen = function (...address) {
    const server = listen.apply(this, address);
    process.emit('SIGTERM', 'SIGTERM');
    return server;
  };
`;

function startIn(directory: string, variables: Readonly<Record<string, string>> = {}): CommandProcess {
  return runCommandProcess('start', { HOLDFAST_DIRECTORY: directory, PORT: '0', ...variables });
}

/** The server that a start has brought up, and the process that watches over it. */
async function readServerProcesses(directory: string): Promise<number[]> {
  const server = await readLocalServer({ directory });
  if (server === undefined) throw new Error(`no server runs in ${directory}`);
  return listWithParent(server.pid);
}

function readAddress({ stdout }: CommandProcess): string {
  return new URL(/API +(\S+)/.exec(stdout)?.[1] ?? '').origin;
}

/** The development key, as it is shown. */
const readKey = ({ stdout }: CommandProcess) => /API key +(hf_development_\w+)/.exec(stdout)?.[1];

describe('npm start', () => {
  it('migrates, loads, serves what it shows, and leaves nothing behind; the next finds all there', async () => {
    using folder = openScratchFolder();
    const first = startIn(folder.path);
    await first.waitForOutput(ready);
    expect(first.stdout).toMatch(/Applied \d+ migrations/);
    expect(first.stdout).toContain(
      'GitHub examples loaded: 14 organizations, 24 users, 2 memberships, 329 events.',
    );
    expect(first.stdout).not.toContain('holdfast:holdfast@');
    await expectToServe(first);
    const processes = await readServerProcesses(folder.path);
    first.signal('SIGINT');
    expect(await first.ended()).toBe(0);
    expect(first.stderr).toBe('');
    expect(processes.filter(isRunning)).toEqual([]);

    const second = startIn(folder.path);
    await second.waitForOutput(ready);
    expect(second.stdout).toContain('No migrations are pending.');
    expect(second.stdout).toContain('GitHub examples are already loaded');
    await expectToServe(second);
    expect(readKey(second)).toBe(readKey(first));
    // One key press reaches a process under npm as two signals.
    second.signal('SIGTERM');
    second.signal('SIGINT');
    expect(await second.ended()).toBe(0);
    expect(await readLocalServer({ directory: folder.path })).toBeUndefined();
  });

  it('ends at once at a second signal, while a request keeps it from closing', async () => {
    using folder = openScratchFolder();
    const process = startIn(folder.path, { SHUTDOWN_TIMEOUT_MS: '600000' });
    await process.waitForOutput(ready);
    const processes = await readServerProcesses(folder.path);
    const { hostname, port } = new URL(readAddress(process));
    const client = connect(Number(port), hostname).on('error', () => undefined);
    client.write(
      `POST /v1/users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${readKey(process)}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
    );
    await sleep(100);
    process.signal('SIGINT');
    await process.waitForOutput(/Service shuts down/);
    // Longer than two signals of one key press are apart.
    await sleep(500);
    process.signal('SIGINT');
    expect(await process.ended()).toBe(130);
    await waitForEnd(processes);
    client.destroy();
  });

  it('ends in order when it is told so before it serves', async () => {
    using folder = openScratchFolder();
    const process = startIn(folder.path);
    await process.waitForOutput(/build index/);
    const processes = await readServerProcesses(folder.path);
    process.signal('SIGTERM');
    expect(await process.ended()).toBe(0);
    expect(process.stderr).toBe('');
    expect(processes.filter(isRunning)).toEqual([]);
  });

  it('uses the server of DATABASE_URL, and leaves it running', async () => {
    using folder = openScratchFolder();
    await using database = await openTestDatabase();
    const process = startIn(folder.path, { DATABASE_URL: database.url });
    await process.waitForOutput(ready);
    expect(await readLocalServer({ directory: folder.path })).toBeUndefined();
    await expectToServe(process);
    process.signal('SIGTERM');
    expect(await process.ended()).toBe(0);
  });

  it('ends in order with its terminal, which hangs up twice and takes all output away', async () => {
    using folder = openScratchFolder();
    const process = startIn(folder.path);
    await process.waitForOutput(ready);
    const processes = await readServerProcesses(folder.path);
    process.closeOutput('stdout', 'stderr');
    process.signal('SIGHUP');
    process.signal('SIGHUP');
    expect(await process.ended()).toBe(0);
    expect(processes.filter(isRunning)).toEqual([]);
  });

  it('ends in order when it is told so in the moment in which it takes its port', async () => {
    using folder = openScratchFolder();
    const hook = join(folder.path, 'hook.cjs');
    writeFileSync(hook, STOP_AT_LISTEN);
    const process = startIn(folder.path, { NODE_OPTIONS: `--require=${hook}` });
    await process.waitForOutput(/build index/);
    const processes = await readServerProcesses(folder.path);
    expect(await process.ended()).toBe(0);
    expect(process.stdout).toContain('Service has shut down');
    expect(process.stderr).toBe('');
    expect(processes.filter(isRunning)).toEqual([]);
  });

  it('tells everything in structured lines with LOG_FORMAT=json', async () => {
    using folder = openScratchFolder();
    await using database = await openTestDatabase();
    const process = startIn(folder.path, { DATABASE_URL: database.url, LOG_FORMAT: 'json' });
    await process.waitForOutput(/"Ready"/);
    process.signal('SIGINT');
    expect(await process.ended()).toBe(0);
    const messages = process.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    expect(messages).toEqual(
      expect.arrayContaining(['No migrations are pending.', 'Service listens', 'Ready']),
    );
    expect(process.stdout).not.toContain('hf_development_');
  });
});

describe('npm start that cannot', () => {
  it.each([
    ['an environment that does not exist', { NODE_ENV: 'prod' }, 'NODE_ENV is "prod"'],
    ['a port that is no number', { PORT: 'abc' }, 'PORT is "abc"'],
    ['a minimum above the maximum', { DATABASE_POOL_MIN: '11' }, 'DATABASE_POOL_MIN is "11"'],
    ['an unknown PostgreSQL', { HOLDFAST_POSTGRES: '12' }, 'HOLDFAST_POSTGRES is "12"'],
    ['no server in production', { NODE_ENV: 'production' }, 'DATABASE_URL: needed in production'],
    [
      'a server that does not answer',
      { DATABASE_URL: 'postgres://ada:secret@127.0.0.1:1/db' },
      'port of the URL',
    ],
  ])('says in one line what is wrong: %s', async (_claim, variables, message) => {
    using folder = openScratchFolder();
    await expectToFail(startIn(folder.path, variables), message);
    expect(await readLocalServer({ directory: folder.path })).toBeUndefined();
  });

  it('says in one line that the login was refused, without the password', async () => {
    using folder = openScratchFolder();
    await using database = await openTestDatabase({ empty: true });
    const url = new URL(database.url);
    url.password = 'secret';
    await expectToFail(startIn(folder.path, { DATABASE_URL: url.href }), 'refused the login');
  });

  it('says in one line that the port is taken, and stops the server it started', async () => {
    using folder = openScratchFolder();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await expectToFail(startIn(folder.path, { PORT: String(port) }), `cannot listen on 127.0.0.1:${port}`);
    expect(await readLocalServer({ directory: folder.path })).toBeUndefined();
    taken.close();
  });
});

/** It is ready, and each of the commands it shows gets an answer with something in it. */
async function expectToServe(process: CommandProcess): Promise<void> {
  expect((await fetch(`${readAddress(process)}/readyz`)).status).toBe(200);
  const commands = [...process.stdout.matchAll(/curl -s -H "([^":]+): ([^"]+)" '([^']+)'/g)];
  expect(commands).toHaveLength(3);
  for (const [, name = '', value = '', url = ''] of commands) {
    expect((await fetch(url)).status).toBe(401);
    const response = await fetch(url, { headers: { [name]: value } });
    expect(response.status).toBe(200);
    const { items } = (await response.json()) as { items: unknown[] };
    expect(items).not.toEqual([]);
  }
}

async function expectToFail(process: CommandProcess, message: string): Promise<void> {
  expect(await process.ended()).toBe(1);
  expect(process.stderr).toMatch(/^npm start: .*\n$/);
  expect(process.stderr).toContain(message);
  expect(process.stdout + process.stderr).not.toMatch(/secret|^ {4}at /m);
}
