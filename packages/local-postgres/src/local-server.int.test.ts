import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { locateBinaries } from './binaries';
import { createLauncher } from './launcher';
import { openLocalServer, readLocalServer, startLocalServer, stopLocalServer } from './local-server';
import { isPortFree, readFreePort } from './port';
import { stopPostmaster } from './postmaster';
import { isProcessAlive } from './process-identity';
import { keptServerFolder } from './server-folder';
import { chooseServerUser } from './server-user';
import { startPostmaster } from './start-postmaster';
import { startOwner } from './test/owner-process';
import { openScratchFolder } from './test/scratch-folder';

const version = 17;

async function run(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

async function occupy(port: number): Promise<Server & AsyncDisposable> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  return server;
}

/** Changes the process id that a stopped server's lock file names, as if it had not been stopped but crashed. */
function leaveLockFile(directory: string, pid: number): void {
  const { data } = keptServerFolder(directory, version);
  writeFileSync(
    join(data, 'postmaster.pid'),
    `${pid}\n${data}\n1700000000\n5432\n\n127.0.0.1\n  1234 5\nready\n`,
  );
}

// A folder that several tests start and stop a server in, one after the other: initdb is the slow part.
const used = openScratchFolder();
const inUsedFolder = { directory: used.path, version } as const;
afterAll(() => used[Symbol.dispose]());

describe('openLocalServer', () => {
  it('keeps data, durably, between starts', async () => {
    const first = await openLocalServer(inUsedFolder);
    await run(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(await run(first.url, "SELECT current_setting('fsync')")).toBe('on');
    await first.stop();
    await using second = await openLocalServer(inUsedFolder);
    expect(await run(second.url, 'SELECT answer FROM kept')).toBe(42);
  });

  it('attaches to a server that runs, and leaves it running', async () => {
    const options = inUsedFolder;
    const started = await startLocalServer(options);
    const attached = await openLocalServer(options);
    expect(attached).toMatchObject({ attached: true, pid: started.pid, port: started.port });
    await attached.stop();
    expect((await readLocalServer(options))?.pid).toBe(started.pid);
    expect(await stopLocalServer(options)).toBe(true);
    expect(await readLocalServer(options)).toBeUndefined();
  });

  it('gives two processes that open a new folder at once one server', async () => {
    using scratch = openScratchFolder();
    const options = { directory: scratch.path, version } as const;
    const owners = await Promise.all([1, 2, 3].map(() => startOwner('openLocalServer', options)));
    const pids = new Set(owners.map(({ server }) => server.pid));
    expect(pids.size).toBe(1);
    expect(owners.filter(({ server }) => !server.attached)).toHaveLength(1);
    expect(await Promise.all(owners.map(({ server }) => run(server.url, 'SELECT 1')))).toEqual([1, 1, 1]);
    await Promise.all(owners.map((owner) => owner.end()));
    expect(await readLocalServer(options)).toBeUndefined();
  });

  it('starts over a lock file of a process that is dead, and of one that is somebody else', async () => {
    const options = inUsedFolder;
    await (await openLocalServer(options)).stop();
    const unused = 4_194_303;
    expect(isProcessAlive(unused)).toBe(false);
    for (const pid of [unused, process.pid]) {
      leaveLockFile(used.path, pid);
      expect(await readLocalServer(options)).toBeUndefined();
      await using server = await openLocalServer(options);
      expect(server.attached).toBe(false);
      expect(await run(server.url, 'SELECT 1')).toBe(1);
    }
    expect(isProcessAlive(process.pid)).toBe(true);
  });

  it('starts over what an interrupted initdb left, and removes it', async () => {
    using scratch = openScratchFolder();
    const { path } = keptServerFolder(scratch.path, version);
    mkdirSync(join(path, 'unfinished-abc123', 'data', 'base'), { recursive: true });
    await using server = await openLocalServer({ directory: scratch.path, version });
    expect(await run(server.url, 'SELECT 1')).toBe(1);
    expect(readdirSync(path).filter((name) => name.startsWith('unfinished'))).toEqual([]);
  });

  it.each([
    [
      'is not a data folder',
      (data: string) => writeFileSync(join(data, 'holiday.jpg'), ''),
      /not a PostgreSQL data/,
    ],
    [
      'is of another version',
      (data: string) => writeFileSync(join(data, 'PG_VERSION'), '16\n'),
      /PostgreSQL 16, not 17/,
    ],
  ])('refuses a folder that %s, and does not touch it', async (_what, fill, message) => {
    using scratch = openScratchFolder();
    const { data } = keptServerFolder(scratch.path, version);
    mkdirSync(data, { recursive: true });
    fill(data);
    const before = readdirSync(data);
    await expect(openLocalServer({ directory: scratch.path, version })).rejects.toMatchObject({
      code: 'data_folder_damaged',
      message: expect.stringMatching(message),
    });
    expect(readdirSync(data)).toEqual(before);
  });
});

describe('the port', () => {
  it('is the preferred one, else the last one, else any that is free', async () => {
    const options = inUsedFolder;
    const preferred = 54317;
    await using blocker = (await isPortFree(preferred)) ? await occupy(preferred) : undefined;
    const first = await openLocalServer(options);
    await first.stop();
    const second = await openLocalServer(options);
    await second.stop();
    expect(second.port).toBe(first.port);
    await using _lastPort = await occupy(second.port);
    const third = await openLocalServer(options);
    await third.stop();
    expect(new Set([preferred, second.port]).has(third.port)).toBe(false);
    // A developer's own server may have had the preferred port all along.
    if (blocker === undefined) return;
    await blocker[Symbol.asyncDispose]();
    await using fourth = await openLocalServer(options);
    expect(fourth.port).toBe(preferred);
  });

  it('may be taken between choosing and binding: the next one is tried', async () => {
    await (await openLocalServer(inUsedFolder)).stop();
    const folder = keptServerFolder(used.path, version);
    const binaries = locateBinaries(version);
    const user = chooseServerUser(folder.path);
    const launcher = await createLauncher({ program: binaries.postgres, folder: folder.path, user });
    const [taken, free] = [await readFreePort(), await readFreePort()];
    await using _taken = await occupy(taken);
    async function* ports() {
      yield taken;
      yield free;
    }
    const request = { binaries, launcher, user, temporary: false, ports: ports(), timeoutMs: 60_000 };
    const { pid, port } = await startPostmaster(folder, request);
    expect(port).toBe(free);
    expect(readFileSync(folder.log, 'utf8')).toContain('could not bind');
    await stopPostmaster(pid, folder.data);
  });
});

describe('the database "holdfast"', () => {
  it('is there after every start, even if somebody dropped it', async () => {
    const options = inUsedFolder;
    const first = await openLocalServer(options);
    await run(first.adminUrl, 'DROP DATABASE holdfast');
    await first.stop();
    await using second = await openLocalServer(options);
    expect(await run(second.url, 'SELECT current_database()')).toBe('holdfast');
  });
});
