import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = resolve(__dirname, '..');

test('the package needs nothing at run time', () => {
  const manifest = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'));
  expect(manifest.dependencies ?? {}).toEqual({});
  expect(manifest.peerDependencies ?? {}).toEqual({});
  expect(manifest.optionalDependencies ?? {}).toEqual({});
});

test('what is packed holds no test, and is small', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json'], { cwd: folder, encoding: 'utf8' });
  const [packed] = Object.values<{ size: number; files: { path: string }[] }>(JSON.parse(stdout));
  const paths = packed?.files.map(({ path }) => path) ?? [];
  expect(paths).toEqual(
    expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/postgres/index.js']),
  );
  expect(paths.filter((path) => /[.]test[.]|\/test\/|^src\//.test(path))).toEqual([]);
  // As packed today with some room: a jump would mean that something got in which does not belong there.
  expect(packed?.size).toBeLessThan(100_000);
});
