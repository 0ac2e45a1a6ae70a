import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRepositoryRoot } from './repository-root';
import { openScratchFolder } from './test/scratch-folder';

describe('findRepositoryRoot', () => {
  it('is the nearest folder whose package.json has workspaces', () => {
    using scratch = openScratchFolder();
    const inner = join(scratch.path, 'packages', 'one');
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(scratch.path, 'package.json'), JSON.stringify({ workspaces: ['packages/*'] }));
    writeFileSync(join(inner, 'package.json'), JSON.stringify({ name: 'one' }));
    expect(findRepositoryRoot(inner)).toBe(scratch.path);
  });

  it('is the folder itself outside a repository', () => {
    using scratch = openScratchFolder();
    expect(findRepositoryRoot(scratch.path)).toBe(scratch.path);
  });
});
