import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPgBouncerRequired, readProgramFolders } from '../environment';
import { openScratchFolder } from '../test/scratch-folder';
import { isPgBouncerIn, requirePgBouncer } from './program';

describe('requirePgBouncer', () => {
  it('finds the first program of that name that may be run', () => {
    using scratch = openScratchFolder();
    using other = openScratchFolder();
    const program = join(scratch.path, 'pgbouncer');
    writeFileSync(program, '');
    writeFileSync(join(other.path, 'pgbouncer'), '', { mode: 0o755 });
    const folders = ['/does/not/exist', scratch.path, other.path];
    expect(requirePgBouncer(folders)).toBe(join(other.path, 'pgbouncer'));
    chmodSync(program, 0o755);
    expect(requirePgBouncer(folders)).toBe(program);
  });

  it('says how to install what is missing', () => {
    expect(() => requirePgBouncer(['/does/not/exist'])).toThrow(
      expect.objectContaining({
        name: 'LocalPostgresError',
        code: 'pgbouncer_missing',
        message: expect.stringContaining('apt-get install pgbouncer'),
      }),
    );
  });
});

describe('isPgBouncerInstalled', () => {
  it('is false where it is missing, and fails where it may not be', () => {
    using scratch = openScratchFolder();
    expect(isPgBouncerIn([scratch.path], false)).toBe(false);
    expect(() => isPgBouncerIn([scratch.path], true)).toThrow(
      expect.objectContaining({
        code: 'pgbouncer_missing',
        message: expect.stringContaining('HOLDFAST_REQUIRE_PGBOUNCER'),
      }),
    );
    writeFileSync(join(scratch.path, 'pgbouncer'), '', { mode: 0o755 });
    expect(isPgBouncerIn([scratch.path], false)).toBe(true);
    expect(isPgBouncerIn([scratch.path], true)).toBe(true);
  });
});

describe('the environment', () => {
  it('requires PgBouncer only if it says 1', () => {
    expect(isPgBouncerRequired({ HOLDFAST_REQUIRE_PGBOUNCER: '1' })).toBe(true);
    expect(isPgBouncerRequired({ HOLDFAST_REQUIRE_PGBOUNCER: '0' })).toBe(false);
    expect(isPgBouncerRequired({})).toBe(false);
  });

  it('names the folders of programs, and none if there is no PATH', () => {
    expect(readProgramFolders({ PATH: '/usr/bin::/bin' })).toEqual(['/usr/bin', '/bin']);
    expect(readProgramFolders({})).toEqual([]);
  });
});
