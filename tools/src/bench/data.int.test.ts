import { runBuiltMeasurement } from '../test/built-measurement';

const runData = (...args: string[]) => runBuiltMeasurement('bench/data', ...args);

describe('npm run bench:data', () => {
  it('loads a server of its own, shows what was made, and ends with one line of JSON', async () => {
    const { stdout, stderr, code, lastLine } = await runData('--quick', '--events', '2000');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Seed 1, until 2026-01-01T00:00:00.000Z, 0 indexes besides the primary keys\n\ntable/,
    );
    expect(stderr).toMatch(/events +█{24} 100 % {2}2 000 of 2 000/);
    expect(JSON.parse(lastLine)).toMatchObject({
      bench: 'data',
      passed: true,
      setting: { events: 2_000, organizations: 40, users: 200, apiKeys: 100 },
      tables: [{ table: 'organizations', rows: 40 }, {}, {}, { table: 'events', rows: 2_000 }, {}],
      claims: [{ held: true }, { held: true }, { claim: 'loading is fast' }],
    });
  });

  it('ends with 2 before it starts anything when an option is wrong', async () => {
    const { stdout, stderr, code } = await runData('--indexes', 'maybe');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('npm run bench:data: --indexes must be one of none, after, before, but is "maybe"\n');
  });

  it('ends with 1 and one line when there is no such database', async () => {
    const { stderr, code } = await runData(
      '--quick',
      '--url',
      'postgres://nobody:secret@127.0.0.1:1/nothing',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^npm run bench:data: .*127\.0\.0\.1:1.*\n$/);
    expect(stderr).not.toContain('secret');
  });
});
