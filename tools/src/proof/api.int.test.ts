import { runBuiltMeasurement } from '../test/built-measurement';

const PATIENCE_MS = 180_000;

describe('npm run proof:api', () => {
  it(
    'holds, and shows what goes wrong without keys',
    async () => {
      const { lastLine, code } = await runBuiltMeasurement('proof/api', '--quick', '--seed', '3');
      const report = JSON.parse(lastLine);
      const broken = report.claims.filter(
        ({ held, kind }: { readonly held: boolean; readonly kind?: string }) => !held && kind !== 'speed',
      );
      expect(broken).toEqual([]);
      expect(report).toMatchObject({
        proof: 'api',
        passed: true,
        quick: true,
        setting: { seed: 3, restarts: 2 },
      });
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );
});
