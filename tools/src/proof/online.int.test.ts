import { runBuiltMeasurement } from '../test/built-measurement';

const PATIENCE_MS = 180_000;

describe('npm run proof:online', () => {
  it(
    'builds, replaces and drops indexes while no writer waits, and shows that a plain migration stops them',
    async () => {
      const { lastLine, code, stderr } = await runBuiltMeasurement('proof/online', '--quick');
      expect(stderr).not.toContain('did not hold');
      expect(JSON.parse(lastLine)).toMatchObject({ proof: 'online', quick: true, passed: true });
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );
});
