import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMMAND = join(__dirname, '..', '..', 'dist', 'proof', 'outage.js');

/** The built command in a process of its own. */
function runOutage(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

describe('npm run proof:outage', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-outage-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends with 0 and its figures in the last line when everything holds', () => {
    const plot = join(folder, 'held.svg');
    const { status, lastLine, stderr } = runOutage([
      '--quick',
      '--clients',
      '60',
      '--processes',
      '2',
      '--plot',
      plot,
    ]);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(JSON.parse(lastLine)).toMatchObject({
      proof: 'outage',
      passed: true,
      quick: true,
      setting: { seed: 1, clients: 60, processes: 2 },
      outages: { refused: { none: { amplification: 1 } }, 'black-hole': { none: { amplification: 1 } } },
    });
    expect(readFileSync(plot, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  it('ends with 1, and says which claim, when one does not hold', () => {
    const { status, stdout, stderr, lastLine } = runOutage([
      '--quick',
      '--clients',
      '20',
      '--processes',
      '20',
    ]);
    expect(status).toBe(1);
    expect(JSON.parse(lastLine)).toMatchObject({ passed: false });
    expect(stdout).toContain('NOT HELD  refused: a budget alone keeps the load at 1.2 × demand or less');
    expect(stderr).toMatch(/^npm run proof:outage: \d+ of 14 claims did not hold, such as: .+\n$/);
  });

  it('ends with 2 before it starts when an option is wrong', () => {
    const { status, stdout, stderr } = runOutage(['--clients', '0']);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'npm run proof:outage: --clients must be a whole number from 1 to 10000, but is "0"\n',
    );
  });

  it('explains itself and starts nothing with --help', () => {
    const { status, stdout } = runOutage(['--help', '--plot', join(folder, 'never.svg')]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^npm run proof:outage -- \[options\]\n/);
    expect(existsSync(join(folder, 'never.svg'))).toBe(false);
  });
});
