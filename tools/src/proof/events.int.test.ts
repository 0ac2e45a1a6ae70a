import { runBuiltMeasurement } from '../test/built-measurement';

const PATIENCE_MS = 180_000;

describe('npm run proof:events', () => {
  it(
    'holds, and shows what goes wrong without locks',
    async () => {
      const { lastLine, code } = await runBuiltMeasurement(
        'proof/events',
        ...['--quick', '--seconds', '2', '--seed', '3'],
      );
      const report = JSON.parse(lastLine);
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
