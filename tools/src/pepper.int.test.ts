import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readPepper } from './pepper';
import { openScratchFolder } from './test/scratch-folder';

describe('the pepper of a local service', () => {
  it('is made once, for its owner alone, and is long enough for the service', async () => {
    using folder = openScratchFolder();
    const directory = join(folder.path, 'new');
    const made = await Promise.all([readPepper(directory), readPepper(directory)]);
    const again = await readPepper(directory);
    expect(Buffer.byteLength(again)).toBeGreaterThanOrEqual(32);
    expect(made).toEqual([again, again]);
    expect(statSync(join(directory, 'api-key-pepper')).mode & 0o777).toBe(0o600);
  });

  it('differs from folder to folder', async () => {
    using one = openScratchFolder();
    using other = openScratchFolder();
    expect(await readPepper(one.path)).not.toBe(await readPepper(other.path));
  });
});
