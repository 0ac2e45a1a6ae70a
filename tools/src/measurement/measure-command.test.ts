import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const COMMAND = join(__dirname, '..', '..', 'measure.mjs');

describe('node tools/measure.mjs', () => {
  it.each(['bench/nothing', 'measurement/claims', 'outage', ''])('refuses "%s" before it builds', (path) => {
    // Without a PATH, the build cannot even start.
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, path], {
      encoding: 'utf8',
      env: { PATH: '' },
    });
    expect(stderr).toBe(
      `there is no measurement "${path}": tools/src/bench and tools/src/proof hold those there are\n`,
    );
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});
