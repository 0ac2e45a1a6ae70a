import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { binariesAt, locateBinaries } from './binaries';
import { ensureCluster, giveTo } from './cluster';
import { createLauncher } from './launcher';
import { planPorts } from './port';
import { stopPostmaster } from './postmaster';
import { serverFolderAt } from './server-folder';
import { chooseServerUser } from './server-user';
import { prepareBinaries } from './shared-library-links';
import { startPostmaster } from './start-postmaster';
import { openScratchFolder } from './test/scratch-folder';

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? describe : describe.skip;
const onLinuxAsRoot = isRoot && process.platform === 'linux' ? it : it.skip;

describe('chooseServerUser', () => {
  it('is ourselves for an ordinary user, unless the folder belongs to another', () => {
    using scratch = openScratchFolder();
    const { uid } = lstatSync(scratch.path);
    expect(chooseServerUser(join(scratch.path, 'new'), 1000)).toBeUndefined();
    expect(() => chooseServerUser(scratch.path, uid + 1)).toThrow(
      expect.objectContaining({ code: 'folder_not_owned', message: expect.stringContaining(scratch.path) }),
    );
  });

  it('is the first existing unprivileged user for root, and says so if there is none', () => {
    const user = chooseServerUser('/does/not/exist', 0, ['no-such-user', 'nobody']);
    expect(user).toEqual({ uid: expect.any(Number), gid: expect.any(Number) });
    expect(user?.uid).not.toBe(0);
    expect(() => chooseServerUser('/does/not/exist', 0, ['no-such-user', 'root'])).toThrow(
      expect.objectContaining({ code: 'no_server_user' }),
    );
  });
});

asRoot('started by root', () => {
  it('a server runs as the user its folder already belongs to', async () => {
    using scratch = openScratchFolder();
    const folder = join(scratch.path, 'owned');
    mkdirSync(folder);
    const nobody = chooseServerUser('/does/not/exist', 0, ['nobody']);
    await giveTo(folder, nobody);
    expect(chooseServerUser(folder)).toEqual(nobody);
  });

  onLinuxAsRoot(
    'a server runs although its user may enter neither the binaries nor the data folder',
    async () => {
      using scratch = openScratchFolder();
      const hidden = join(scratch.path, 'hidden');
      mkdirSync(hidden, { mode: 0o700 });
      const packageRoot = join(hidden, 'package');
      cpSync(locateBinaries(17).packageRoot, packageRoot, { recursive: true, verbatimSymlinks: true });
      const binaries = binariesAt(17, packageRoot);
      prepareBinaries(binaries);
      const folder = serverFolderAt(join(hidden, 'server'));
      mkdirSync(folder.path, { mode: 0o700 });
      const user = chooseServerUser(folder.path);
      await giveTo(folder.path, user);

      // The control: without help that user cannot even run the program.
      expect(spawnSync(binaries.postgres, ['--version'], { ...user, cwd: '/' }).status).not.toBe(0);
      const launcher = await createLauncher({
        program: binaries.postgres,
        folder: folder.path,
        user,
        parentDeathSignal: 'INT',
      });
      const prepared = { binaries, launcher, user, temporary: true, timeoutMs: 60_000 };
      await ensureCluster(folder, prepared);
      const { pid } = await startPostmaster(folder, { ...prepared, ports: planPorts([]) });
      expect(lstatSync(`/proc/${pid}`).uid).toBe(user?.uid);
      await stopPostmaster(pid, folder.data);
    },
  );

  onLinuxAsRoot('a system that cannot help gets one line with the folder and the mend', () => {
    using scratch = openScratchFolder();
    chmodSync(scratch.path, 0o700);
    const cli = join(__dirname, '..', 'dist', 'cli.js');
    // Root without this capability is what most containers have.
    const container = {
      program: 'setpriv',
      args: ['--bounding-set=-dac_read_search', process.execPath, cli],
    };
    const args = [...container.args, 'start', '--directory', scratch.path];
    const result = spawnSync(container.program, args, { encoding: 'utf8', cwd: '/' });
    expect(result.status).toBe(1);
    expect(result.stderr.trim().split('\n')).toEqual([expect.stringContaining(`chmod o+x ${scratch.path}`)]);
  });
});
