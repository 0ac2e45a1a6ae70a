import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BUILT = join(__dirname, '../../dist/measurement');

/** A measurement of nothing, whose claim `--verdict` decides. It says and shows a line each. */
const TOY = `
  const { runMeasurement } = require('./run-measurement');
  const { UsageError } = require('./usage-error');
  const run = async ({ options: { values: { verdict } }, signal, show, say }) => {
    if (verdict === '') throw new UsageError('--verdict needs one');
    say('measuring');
    show('a table');
    if (verdict === 'crash') throw new Error('out of paper');
    if (verdict === 'never') {
      process.kill(process.pid, 'SIGTERM');
      for (;;) await require('node:timers/promises').setTimeout(1000, undefined, { signal });
    }
    const kind = verdict === 'slow' ? 'speed' : 'correctness';
    const held = verdict === undefined;
    return { figures: { answer: 42 }, claims: [{ claim: 'it is so', kind, held, found: 'seen' }] };
  };
  const options = { verdict: { value: '<word>', about: 'what is found' } };
  void runMeasurement({ family: 'bench', name: 'toy', about: 'A toy.', aboutQuick: 'less', options, run });
`;

/** In a process of its own: its exit code and its output are what is claimed of it. */
function runToy(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', TOY, '--', 'toy', ...args], {
    cwd: BUILT,
    encoding: 'utf8',
  });
  const lastLine = stdout.trimEnd().split('\n').at(-1) ?? '';
  return { status, stdout, stderr, readJson: () => JSON.parse(lastLine) };
}

describe('a measurement', () => {
  it('shows its tables and claims, ends with one line of JSON and with 0 when everything held', () => {
    const { status, stdout, stderr } = runToy();
    expect(stdout).toBe(
      [
        'a table',
        '',
        'held      it is so: seen',
        '',
        '{"bench":"toy","quick":false,"passed":true,"answer":42,"claims":[{"claim":"it is so","kind":"correctness","held":true,"found":"seen"}]}',
        '',
      ].join('\n'),
    );
    expect(stderr).toBe('measuring\n');
    expect(status).toBe(0);
  });

  it('ends with 1, and says which claim, when one did not hold; all figures are there even so', () => {
    const { status, stderr, readJson } = runToy('--verdict', 'wrong');
    expect(readJson()).toMatchObject({ passed: false, answer: 42 });
    expect(stderr).toBe('measuring\nnpm run bench:toy: 1 of 1 claims did not hold, such as: it is so\n');
    expect(status).toBe(1);
  });

  it('fails by its speed in a full run alone', () => {
    expect(runToy('--verdict', 'slow').status).toBe(1);
    const { status, readJson } = runToy('--verdict', 'slow', '--quick');
    expect(readJson()).toMatchObject({ quick: true, passed: true, claims: [{ held: false }] });
    expect(status).toBe(0);
  });

  it('ends with 1 and no JSON when it breaks down', () => {
    const { status, stdout, stderr } = runToy('--verdict', 'crash');
    expect(stdout).toBe('a table\n\n');
    expect(stderr).toBe('measuring\nnpm run bench:toy: out of paper\n');
    expect(status).toBe(1);
  });

  it('ends with the exit code of the signal that stopped it', () => {
    const { status, stderr } = runToy('--verdict', 'never');
    expect(stderr).toBe('measuring\nnpm run bench:toy: stopped before it was done\n');
    expect(status).toBe(143);
  });

  it.each([
    [
      'an option that it does not know',
      '--fast',
      "Unknown option '--fast'; allowed are --quick, --verdict <word>, --help",
    ],
    ['a value that it cannot use', '--verdict=', '--verdict needs one'],
  ])('refuses %s with 2, before it measures anything', (_, arg, point) => {
    const { status, stdout, stderr } = runToy(arg);
    expect(stderr).toBe(`npm run bench:toy: ${point}\n`);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('explains itself, and measures nothing, when asked for help', () => {
    const { status, stdout, stderr } = runToy('--help');
    expect(stdout).toMatch(/^npm run bench:toy -- \[options\]\n\nA toy\.\n\n {2}--quick {11}less\n/);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
