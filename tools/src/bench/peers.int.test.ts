import { runBuiltMeasurement } from '../test/built-measurement';

const PATIENCE_MS = 240_000;

describe('npm run bench:peers', () => {
  it(
    'measures what is at hand, and finds that all answer the same',
    async () => {
      const { lastLine, code, stderr } = await runBuiltMeasurement(
        'bench/peers',
        '--quick',
        '--peers',
        'none',
      );
      const report = JSON.parse(lastLine);
      expect(report).toMatchObject({ bench: 'peers', quick: true, passed: true, rounds: 2 });
      expect(report.cells).toHaveLength(20);
      for (const { layers } of report.cells) {
        for (const { wallUs, clientCpuUs, serverCpuUs } of layers) {
          for (const figure of [wallUs, clientCpuUs, serverCpuUs]) expect(figure).toBeGreaterThan(0);
        }
      }
      const { traffic } = report.layers.find(({ name }: { readonly name: string }) => name === 'Holdfast');
      expect(traffic).toMatchObject({ lookUpById: { roundTrips: 1 }, insertEntry: { roundTrips: 1 } });
      expect(stderr).not.toMatch(/Error|Warning/);
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );

  it('ends with 2 before it starts anything when an option is wrong', async () => {
    const { stdout, stderr, code } = await runBuiltMeasurement('bench/peers', '--peers', 'some');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('npm run bench:peers: --peers must be all or none, but is "some"\n');
  });
});
