import { type CpuProfile, readShares } from './profile';

const frame = (id: number, functionName: string, url = '') => ({ id, callFrame: { functionName, url } });

const profile: CpuProfile = {
  nodes: [
    frame(1, '(idle)'),
    frame(2, 'parse', 'file:///x/node_modules/@scope/parser/index.js'),
    frame(3, 'run', 'file:///x/packages/postgres/dist/pool.js'),
    frame(4, '', 'node:net'),
    frame(5, 'other', 'file:///x/node_modules/@scope/parser/other.js'),
  ],
  samples: [1, 2, 3, 4, 5, 2],
  timeDeltas: [5_000, 3_000, 2_000, 1_000, 1_000, 3_000],
};

describe('readShares', () => {
  it('adds up what is busy, by package', () => {
    const shares = readShares(profile);
    expect(shares.map(({ name, share }) => [name, share])).toEqual([
      ['@scope/parser', 0.7],
      ['@holdfast/postgres', 0.2],
      ['Node.js', 0.1],
    ]);
    expect(shares[0]).toMatchObject({ top: 'parse', topShare: 0.6 });
    expect(shares[2]?.top).toBe('(anonymous)');
  });

  it('leaves out what came before', () => {
    expect(readShares(profile, 10).map(({ name }) => name)).toEqual([
      '@scope/parser',
      '@holdfast/postgres',
      'Node.js',
    ]);
    expect(readShares(profile, 12).map(({ name }) => name)).toEqual(['@scope/parser']);
  });
});
