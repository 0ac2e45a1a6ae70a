import { runBuiltMeasurement } from '../test/built-measurement';

const PATIENCE_MS = 180_000;

describe('npm run bench:api', () => {
  it(
    'measures both, and what becomes of the excess',
    async () => {
      const { lastLine, code, stderr } = await runBuiltMeasurement('bench/api', '--quick');
      const report = JSON.parse(lastLine);
      expect(report).toMatchObject({ bench: 'api', quick: true, passed: true });
      for (const workload of ['read', 'append']) {
        const { closed, profile, open } = report.workloads[workload];
        expect(closed.bare.requestsPerSecond).toBeGreaterThan(0);
        expect(open.excessive.accepted).toBeGreaterThan(0);
        expect(profile.map(({ name }: { readonly name: string }) => name)).toContain('fastify');
      }
      expect(stderr).not.toContain('Error');
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );
});
