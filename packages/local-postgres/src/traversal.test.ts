import { findUntraversableFolder } from './traversal';

const user = { uid: 101, gid: 104 };

function statsOf(modes: Readonly<Record<string, { mode: number; uid?: number; gid?: number }>>) {
  return (path: string) => ({ uid: 0, gid: 0, mode: 0o755, ...modes[path] });
}

describe('findUntraversableFolder', () => {
  it('finds nothing when everybody may enter every folder', () => {
    expect(findUntraversableFolder('/srv/app/data', user, statsOf({}))).toBeUndefined();
  });

  it('names the outermost folder that keeps the user out', () => {
    const stats = statsOf({ '/root': { mode: 0o700 }, '/root/app': { mode: 0o700 } });
    expect(findUntraversableFolder('/root/app/data', user, stats)).toBe('/root');
  });

  it('lets the owner and the group in by their own bits, and nobody by those of others', () => {
    const owner = statsOf({ '/srv': { mode: 0o100, uid: 101 } });
    const group = statsOf({ '/srv': { mode: 0o010, gid: 104 } });
    const excludedGroup = statsOf({ '/srv': { mode: 0o701, gid: 104 } });
    expect(findUntraversableFolder('/srv', user, owner)).toBeUndefined();
    expect(findUntraversableFolder('/srv', user, group)).toBeUndefined();
    expect(findUntraversableFolder('/srv', user, excludedGroup)).toBe('/srv');
  });
});
