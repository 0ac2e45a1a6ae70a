import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTRACTS } from '@holdfast/db/contracts';
import { drawBenchmarks } from './draw-benchmarks';
import { assembleReport, type NamedPart, readParts } from './part-files';
import { renderBenchmarks, replaceBetweenMarkers } from './render-benchmarks';
import { type IndexReport, listPatternRows } from './report';

const DOCS = join(__dirname, '../../../../docs');

/** They came after the last full run, as docs/benchmarks.md says. The next run measures them, and this list goes. */
const NOT_MEASURED_YET = [
  'activity of the largest organization',
  'append of two events to a new stream',
  'end of the log',
  'end of the log, of an organization with hardly an event',
  'event counted for its organization',
  'events by query: a frequent tag or several types, two parts',
  'events by query: a frequent tag, of an organization with hardly an event',
  'events by query: a frequent type with a rare tag',
  'events by query: a frequent type, two parts',
  'events by query: a rare tag',
  'events by query: a rare tag or a rare type',
  'events by query: a rare type',
  'events by query: a tag that nobody has, a part of one',
  'events with a tag that nobody has, a page of one',
  'import of lines behind a long stream',
  'import of lines for new streams of an organization',
  'import of lines whose keys were used',
  'invitation that is accepted',
  'log of an organization with hardly an event, first page',
  'log of the largest organization, two pages',
  'log, two pages',
  'what became of an import whose answer was lost',
];

describe('the benchmark of indexes in the documentation', () => {
  const page = readFileSync(join(DOCS, 'benchmarks.md'), 'utf8');
  let parts: readonly NamedPart[];
  let report: IndexReport;

  beforeAll(async () => {
    parts = await readParts(DOCS);
    report = assembleReport(parts);
  });

  // To renew them: npm run bench:indexes -- --docs docs
  it('has the figures that were measured, and no others', () => {
    expect(page).toBe(replaceBetweenMarkers(page, renderBenchmarks(report)));
  });

  it('has the plots of these figures, and shows each', () => {
    for (const [name, plot] of drawBenchmarks(report)) {
      expect([name, readFileSync(join(DOCS, 'benchmarks', name), 'utf8')]).toEqual([name, plot]);
      expect(page).toContain(`](benchmarks/${name})`);
    }
  });

  it('has asked the literal set for owner and type in the words that it can answer', () => {
    const owned = listPatternRows(report).filter(({ indexes }) => /_(?:org|user)_type_/.test(indexes.join()));
    expect(owned).toHaveLength(4);
    for (const { name, indexes, byScale } of owned) {
      // Besides, policies look up whose key asks.
      const answering = byScale.at(-1)?.literal.indexes.filter((index) => index !== 'idx_api_keys_key_hash');
      expect([name, answering]).toEqual([name, indexes]);
    }
  });

  it('has no coordinate that is none, and no text below 12 px', () => {
    for (const plot of drawBenchmarks(report).values()) {
      expect(plot).not.toMatch(/NaN|Infinity|undefined/);
      const sizes = [...plot.matchAll(/font-size="(\d+)"/g)].map(([, size]) => Number(size));
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12);
    }
  });

  it('names command, machine and versions of each part, and holds no file of none', () => {
    for (const { name, part } of parts) {
      const { cpu, node, postgres } = part.machine;
      for (const fact of [`${name}.json`, part.command, cpu, `Node ${node}`, `PostgreSQL ${postgres}`]) {
        expect(page).toContain(fact);
      }
    }
    const known = [...parts.map(({ name }) => `${name}.json`), ...drawBenchmarks(report).keys()];
    const files = readdirSync(join(DOCS, 'benchmarks')).filter((name) => name.startsWith('indexes-'));
    expect(files.sort()).toEqual(known.sort());
  });

  it('has every query contract, and all parts', () => {
    const { patterns = [], refused = [] } = report.scales.at(-1) ?? {};
    const names = [...patterns.map(({ name }) => name), ...refused, ...NOT_MEASURED_YET];
    expect(names.sort()).toEqual(CONTRACTS.map(({ name }) => name).sort());
    expect([report.sets, report.ledger]).not.toContain(undefined);
  });

  it('is refused for a page without its markers', () => {
    expect(() => replaceBetweenMarkers('# Benchmarks', '')).toThrow('no markers');
  });
});
