import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { runBuiltMeasurement } from '../test/built-measurement';
import { listDescendants, waitForEnd } from '../test/processes';

const COMMAND = join(__dirname, '..', '..', 'dist', 'proof', 'transfers.js');
const PATIENCE_MS = 180_000;

describe('npm run proof:transfers', () => {
  it(
    'holds, with enough faults and with mistakes where nothing guards against them',
    async () => {
      const {
        stdout: output,
        lastLine,
        code,
      } = await runBuiltMeasurement('proof/transfers', '--quick', '--seed', '3');
      const report = JSON.parse(lastLine);
      const broken = report.claims.filter(({ held }: { readonly held: boolean }) => !held);
      expect(broken).toEqual([]);
      expect(report).toMatchObject({
        proof: 'transfers',
        passed: true,
        quick: true,
        setting: { seed: 3, transfers: 1_000 },
        runs: { id: { audit: { unknown: 0 } }, ledger: { audit: { unknown: 0 } } },
      });
      expect(output).toContain('What the clients were told');
      expect(output).toContain('Seed 3.');
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );

  it('stops when it is told to, and leaves no server', async () => {
    const proof = spawn(process.execPath, [COMMAND, '--quick'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const closed = once(proof, 'close');
    await once(proof.stderr, 'data');
    const started = listDescendants(proof.pid ?? 0);
    expect(started.length).toBeGreaterThan(1);
    proof.kill('SIGTERM');
    const [code] = await closed;
    expect(code).toBe(143);
    await waitForEnd(started);
  });

  it('ends with 2 before it starts when an option is wrong', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, '--seed', 'x'], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^npm run proof:transfers: --seed must be a whole number/);
  });
});
