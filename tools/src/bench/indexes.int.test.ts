import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTRACTS } from '@holdfast/db/contracts';
import { runBuiltMeasurement } from '../test/built-measurement';
import { drawBenchmarks } from './indexes/draw-benchmarks';
import { assembleReport, readParts } from './indexes/part-files';
import { MARKERS, renderBenchmarks } from './indexes/render-benchmarks';

const runIndexes = (...args: string[]) => runBuiltMeasurement('bench/indexes', ...args);

describe('npm run bench:indexes', () => {
  let docs: string;

  beforeAll(async () => {
    docs = await mkdtemp(join(tmpdir(), 'holdfast-benchmarks-'));
    await writeFile(join(docs, 'benchmarks.md'), `before\n${MARKERS.from}\nold\n${MARKERS.to}\nafter\n`);
  });

  afterAll(() => rm(docs, { recursive: true, force: true }));

  it('measures every pattern and index, and writes page, plots and figures that belong together', async () => {
    const scales = ['--events', '2000,1000', '--sets', '2000', '--ledger', '1000'];
    const { code, lastLine, stderr } = await runIndexes('--quick', ...scales, '--docs', docs);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/2000 events, literal indexes, 1 of \d+: /)]);
    const report = assembleReport(await readParts(docs));
    expect(JSON.parse(lastLine)).toMatchObject({ bench: 'indexes', passed: true, ...report });
    expect(report.scales).toMatchObject([{ events: 1000 }, { events: 2000 }]);
    for (const { patterns, skipped, refused } of report.scales) {
      const names = [...[...patterns, ...skipped].map(({ name }) => name), ...refused];
      expect(names.sort()).toEqual(CONTRACTS.map(({ name }) => name).sort());
    }
    expect(report.sets).toMatchObject({ events: 2000, shipped: { set: 'shipped' } });
    expect(report.ledger?.costs.map(({ name }) => name).sort()).toEqual(
      [...(report.scales[0]?.indexes ?? [])].sort(),
    );
    const page = await readFile(join(docs, 'benchmarks.md'), 'utf8');
    expect(page).toBe(`before\n${MARKERS.from}\n\n${renderBenchmarks(report)}\n\n${MARKERS.to}\nafter\n`);
    for (const [name, plot] of drawBenchmarks(report)) {
      expect(await readFile(join(docs, 'benchmarks', name), 'utf8')).toBe(plot);
    }
  }, 400_000);

  it('leaves out what an index is for when it is not there, and nothing else', async () => {
    const report = assembleReport(await readParts(docs));
    const found = (name: string) => report.scales.at(-1)?.patterns.find((one) => one.name === name);
    expect(found('event by id')).toMatchObject({
      with: { rows: 1, statements: 1, indexes: ['idx_events_id'] },
      without: { rows: 1, dropped: ['idx_events_id'] },
      literal: { rows: 1, indexes: ['idx_events_id'] },
      drops: [{ index: 'idx_events_id' }],
    });
    expect(found('event by id')?.without.indexes).not.toContain('idx_events_id');
    // Without the key to which they refer, there would be no foreign keys that delete anything.
    expect(found('organization that is deleted, with what goes with it')?.without.dropped).toEqual([
      'idx_user_orgs_org_role',
      'idx_api_keys_org_status',
    ]);
    expect(found('append to a new stream')).toMatchObject({
      with: { rows: 1 },
      without: { dropped: ['idx_events_aggregate_timeline'] },
    });
  });

  it('ends with 2 before it starts anything when an option is wrong', async () => {
    const { stdout, stderr, code } = await runIndexes('--events', '1000,many');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      'npm run bench:indexes: --events must be a whole number from 1000 to 200000000, but is "many"\n',
    );
    const { stderr: parts } = await runIndexes('--parts', 'all');
    expect(parts).toBe('npm run bench:indexes: --parts takes patterns, sets, ledger, not "all"\n');
  });
});
