import { statSync } from 'node:fs';
import { join } from 'node:path';
import { forgetDevelopmentKey, readDevelopmentKey, readPepper, readServicePassword } from './local-secrets';
import { openScratchFolder } from './test/scratch-folder';

describe.each([
  ['the pepper', readPepper, 'api-key-pepper'],
  ['the password of the service', readServicePassword, 'service-password'],
  ['the development key', readDevelopmentKey, 'development-key'],
])('%s of a local service', (_name, read, file) => {
  it('is made once, for its owner alone, and is long enough for the service', async () => {
    using folder = openScratchFolder();
    const directory = join(folder.path, 'new');
    const made = await Promise.all([read(directory), read(directory)]);
    const again = await read(directory);
    expect(Buffer.byteLength(again)).toBeGreaterThanOrEqual(32);
    expect(made).toEqual([again, again]);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  });

  it('differs from folder to folder', async () => {
    using one = openScratchFolder();
    using other = openScratchFolder();
    expect(await read(one.path)).not.toBe(await read(other.path));
  });
});

it('a development key that is forgotten gives way to another', async () => {
  using folder = openScratchFolder();
  const first = await readDevelopmentKey(folder.path);
  await forgetDevelopmentKey(folder.path);
  expect(await readDevelopmentKey(folder.path)).not.toBe(first);
});
