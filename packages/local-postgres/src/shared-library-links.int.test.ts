import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binariesAt, locateBinaries } from './binaries';
import { prepareBinaries } from './shared-library-links';
import { openScratchFolder } from './test/scratch-folder';

function copyOfBinaries(folder: string) {
  const packageRoot = join(folder, 'package');
  cpSync(locateBinaries(17).packageRoot, packageRoot, { recursive: true, verbatimSymlinks: true });
  return binariesAt(17, packageRoot);
}

function linksOf(packageRoot: string): readonly string[] {
  const links: { target: string }[] = JSON.parse(
    readFileSync(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8'),
  );
  return links.map(({ target }) => join(packageRoot, target));
}

describe('prepareBinaries', () => {
  it('makes the links that npm does not, and the programs executable, so that they run', () => {
    using scratch = openScratchFolder();
    const binaries = copyOfBinaries(scratch.path);
    const links = linksOf(binaries.packageRoot);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) rmSync(link, { force: true });
    chmodSync(binaries.postgres, 0o644);
    expect(() => execFileSync(binaries.postgres, ['--version'], { stdio: 'pipe' })).toThrow();

    prepareBinaries(binaries);
    expect(execFileSync(binaries.postgres, ['--version'], { encoding: 'utf8' })).toContain('17.');
    expect(links.filter((link) => !existsSync(link))).toEqual([]);

    // A second time changes nothing, so that a read-only installation works.
    const readInodes = () => links.map((link) => lstatSync(link).ino);
    const before = readInodes();
    prepareBinaries(binaries);
    expect(readInodes()).toEqual(before);
  });

  it('can be done by several processes at once', async () => {
    using scratch = openScratchFolder();
    const binaries = copyOfBinaries(scratch.path);
    const links = linksOf(binaries.packageRoot);
    for (const link of links) rmSync(link, { force: true });
    const built = join(__dirname, '..', 'dist', 'shared-library-links.js');
    const script = `require(${JSON.stringify(built)}).prepareBinaries(${JSON.stringify(binaries)})`;
    await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ['-e', script])));
    expect(links.filter((link) => !existsSync(link))).toEqual([]);
  });

  it('says in one line what is missing and where, if it cannot be made', () => {
    using scratch = openScratchFolder();
    const binaries = binariesAt(17, scratch.path);
    expect(() => prepareBinaries(binaries)).toThrow(
      expect.objectContaining({
        code: 'binaries_unusable',
        message: expect.stringMatching(/ENOENT.*npm ci/),
      }),
    );
  });
});
