import { runBuiltMeasurement } from '../test/built-measurement';

const PATIENCE_MS = 180_000;

describe('npm run proof:convergence', () => {
  it(
    'ends in the declared catalog whatever ended a run before its time',
    async () => {
      const { lastLine, code, stderr } = await runBuiltMeasurement('proof/convergence', '--quick');
      expect(stderr).not.toContain('did not hold');
      expect(JSON.parse(lastLine)).toMatchObject({ proof: 'convergence', quick: true, passed: true });
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );
});
