import { runBuiltMeasurement } from '../test/built-measurement';

const PATIENCE_MS = 180_000;

describe('npm run proof:fuzz', () => {
  it(
    'holds, finds out services that are broken on purpose, and counts answers by route and status',
    async () => {
      const { lastLine, code } = await runBuiltMeasurement('proof/fuzz', '--quick', '--seed', '3');
      const report = JSON.parse(lastLine);
      const broken = report.claims.filter(({ held }: { readonly held: boolean }) => !held);
      expect(broken).toEqual([]);
      expect(report).toMatchObject({
        proof: 'fuzz',
        passed: true,
        quick: true,
        setting: { seed: 3, requests: 2_000 },
        findings: [],
        controls: { sound: 0, 'it fails': expect.any(Number) },
      });
      expect(report.counts['POST /v1/users'][201]).toBeGreaterThan(5);
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );
});
