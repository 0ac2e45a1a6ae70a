import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Claim } from '../measurement/claims';

const root = join(__dirname, '..', '..', '..');

it('shows its tables, and ends with one line of JSON in which everything correct held', async () => {
  const bench = spawn(process.execPath, [join(root, 'tools', 'measure.mjs'), 'bench/runtime', '--quick'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output, [code]] = await Promise.all([text(bench.stdout), once(bench, 'close')]);
  const lines = output.trimEnd().split('\n');
  const report: { readonly claims: readonly Claim[] } = JSON.parse(lines.at(-1) ?? '');
  expect(report).toMatchObject({ bench: 'runtime', quick: true, passed: true });
  const correct = report.claims.filter(({ kind }) => kind === 'correctness');
  expect(correct.map(({ found }) => found)).toEqual(['no exception', 'no exception', 'no exception']);
  expect(output).toContain('Holdfast, unit of work with a ledger');
  expect(code).toBe(0);
});
