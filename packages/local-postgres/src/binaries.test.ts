import { existsSync } from 'node:fs';
import { locateBinaries } from './binaries';
import { postgresVersions } from './version';

describe('locateBinaries', () => {
  it.each(postgresVersions)('finds the programs of PostgreSQL %i for this machine', (version) => {
    const { postgres, initdb } = locateBinaries(version);
    expect([postgres, initdb].map((path) => existsSync(path))).toEqual([true, true]);
  });

  it('keeps the versions apart, although their platform packages have the same name', () => {
    expect(locateBinaries(17).packageRoot).not.toBe(locateBinaries(18).packageRoot);
  });

  it('names the machine and what is supported when there is no build for it', () => {
    expect(() => locateBinaries(17, { platform: 'freebsd', arch: 'x64' })).toThrow(
      expect.objectContaining({
        code: 'unsupported_platform',
        message: expect.stringMatching(/freebsd-x64; supported: darwin-arm64, darwin-x64, .*linux-x64/),
      }),
    );
  });

  it('sends Windows users to WSL', () => {
    expect(() => locateBinaries(17, { platform: 'win32', arch: 'x64' })).toThrow(/WSL 2/);
  });

  it('says how to get binaries that npm was told to leave out', () => {
    const other = process.platform === 'darwin' ? 'linux' : 'darwin';
    expect(() => locateBinaries(17, { platform: other, arch: 'arm64' })).toThrow(
      expect.objectContaining({ code: 'binaries_missing', message: expect.stringContaining('npm ci') }),
    );
  });
});
