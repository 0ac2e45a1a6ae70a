import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const COMMAND = join(__dirname, '..', '..', 'dist', 'proof', 'events.js');
const PATIENCE_MS = 180_000;

describe('npm run proof:events', () => {
  it(
    'holds, and shows what goes wrong without locks',
    async () => {
      const proof = spawn(process.execPath, [COMMAND, '--quick', '--seconds', '2', '--seed', '3'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [output, [code]] = await Promise.all([text(proof.stdout), once(proof, 'close')]);
      const report = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
      const broken = report.claims.filter(({ held }: { readonly held: boolean }) => !held);
      expect(broken).toEqual([]);
      expect(report).toMatchObject({
        proof: 'events',
        passed: true,
        quick: true,
        setting: { seed: 3, streamsMs: 2_000, clients: 64 },
      });
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );
});
