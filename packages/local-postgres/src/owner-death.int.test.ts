import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { locateBinaries } from './binaries';
import { ensureCluster, giveTo } from './cluster';
import { createLauncher } from './launcher';
import { openLocalServer, readLocalServer, stopLocalServer } from './local-server';
import { isPortFree, planPorts } from './port';
import { isPostmasterOf } from './postmaster';
import { readNamespace, readProcessIdentity } from './process-identity';
import { type ServerFolder, serverFolderAt } from './server-folder';
import { chooseServerUser } from './server-user';
import { prepareBinaries } from './shared-library-links';
import { startPostmaster } from './start-postmaster';
import { createTemporaryFolder, removeAbandonedFolders, removeTemporaryFolder } from './temporary-folder';
import { openTemporaryServer } from './temporary-server';
import { eventually } from './test/eventually';
import { type OwnedServer, startOwner } from './test/owner-process';
import { readParentPid } from './test/process-tree';
import { openScratchFolder } from './test/scratch-folder';

async function expectServerGone({ pid, port, folder }: OwnedServer): Promise<void> {
  await eventually(
    `postmaster ${pid} is gone`,
    async () => !(await isPostmasterOf(pid, join(folder, 'data'))),
  );
  await eventually(`port ${port} is free`, () => isPortFree(port));
}

function expectNothingIn(parent: string): Promise<void> {
  return eventually(`nothing is left in ${parent}`, () => readdirSync(parent).length === 0);
}

describe('a killed owner', () => {
  it('of a temporary server leaves no process, no port and no folder', async () => {
    using scratch = openScratchFolder();
    const owner = await startOwner('openTemporaryServer', { parent: scratch.path });
    const supervisor = readParentPid(owner.server.pid);
    expect(existsSync(owner.server.folder)).toBe(true);
    await owner.kill();
    await expectServerGone(owner.server);
    await expectNothingIn(scratch.path);
    await eventually(
      'the supervisor is gone',
      async () => (await readProcessIdentity(supervisor)) === undefined,
    );
  });

  it('of a kept server leaves no process and no port, and the next start finds a clean folder', async () => {
    using scratch = openScratchFolder();
    const options = { directory: scratch.path };
    const owner = await startOwner('openLocalServer', options);
    await owner.kill();
    await expectServerGone(owner.server);
    expect(await readLocalServer(options)).toBeUndefined();
    await using next = await openLocalServer(options);
    expect(next.attached).toBe(false);
  });

  it('that only ends, without stopping its server, leaves nothing either', async () => {
    using scratch = openScratchFolder();
    const owner = await startOwner('openTemporaryServer', { parent: scratch.path });
    owner.process.kill('SIGTERM');
    await expectServerGone(owner.server);
    await expectNothingIn(scratch.path);
  });
});

describe('a killed supervisor', () => {
  it('leaves nothing while its owner lives: the owner stops the server and removes the folder', async () => {
    using scratch = openScratchFolder();
    const server = await openTemporaryServer({ parent: scratch.path });
    process.kill(readParentPid(server.pid), 'SIGKILL');
    await expectServerGone(server);
    await expectNothingIn(scratch.path);
    await server.stop();
  });

  it('whose owner was killed too leaves a folder at most, which the next start removes', async () => {
    using scratch = openScratchFolder();
    const owner = await startOwner('openTemporaryServer', { parent: scratch.path });
    const supervisor = readParentPid(owner.server.pid);
    // Stopped, it cannot see that its owner goes.
    process.kill(supervisor, 'SIGSTOP');
    await owner.kill();
    process.kill(supervisor, 'SIGKILL');
    await eventually(
      'the supervisor is gone',
      async () => (await readProcessIdentity(supervisor)) === undefined,
    );
    expect(existsSync(owner.server.folder)).toBe(true);

    const next = await openTemporaryServer({ parent: scratch.path });
    await expectServerGone(owner.server);
    expect(readdirSync(scratch.path).map((name) => join(scratch.path, name))).toEqual([next.folder]);
    await next.stop();
  });

  it('of a kept server does not keep the next start from a running server', async () => {
    using scratch = openScratchFolder();
    const options = { directory: scratch.path };
    const first = await openLocalServer(options);
    process.kill(readParentPid(first.pid), 'SIGKILL');
    await first.stop();
    await expectServerGone(first);
    await using next = await openLocalServer(options);
    expect(next.pid).not.toBe(first.pid);
    expect(await stopLocalServer(options)).toBe(true);
  });
});

describe('removeAbandonedFolders', () => {
  async function runServerIn(folder: ServerFolder): Promise<number> {
    const binaries = locateBinaries(17);
    prepareBinaries(binaries);
    const user = chooseServerUser(folder.path);
    await giveTo(folder.path, user);
    // No signal at the parent's death: this is the server as a system without setpriv would leave it behind.
    const launcher = await createLauncher({ program: binaries.postgres, folder: folder.path, user });
    const prepared = { binaries, launcher, user, temporary: true, timeoutMs: 60_000 };
    await ensureCluster(folder, prepared);
    const { pid } = await startPostmaster(folder, { ...prepared, ports: planPorts([]) });
    return pid;
  }

  it('stops a server whose supervisor is gone and removes its folder, and touches no other', async () => {
    using scratch = openScratchFolder();
    const lookedAfter = await createTemporaryFolder(scratch.path);
    const elsewhere = join(scratch.path, 'holdfast-postgres-1-1-1-000000000000');
    mkdirSync(elsewhere);
    // The first process runs, but it did not start at this time: the id was given away again.
    const name = `holdfast-postgres-1-${await readNamespace()}-1-000000000000`;
    const abandoned = serverFolderAt(join(scratch.path, name));
    mkdirSync(abandoned.path, { mode: 0o700 });
    const pid = await runServerIn(abandoned);
    expect(await isPostmasterOf(pid, abandoned.data)).toBe(true);

    await removeAbandonedFolders(scratch.path, chooseServerUser(abandoned.path));
    expect(await isPostmasterOf(pid, abandoned.data)).toBe(false);
    expect(existsSync(abandoned.path)).toBe(false);
    expect([existsSync(lookedAfter.path), existsSync(elsewhere)]).toEqual([true, true]);
    await removeTemporaryFolder(lookedAfter);
  });
});
