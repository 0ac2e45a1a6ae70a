import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE_REPORT } from '../../test/peers-report';
import { drawPeers } from './draw-peers';
import { LINE_UP } from './line-up';
import { OPERATIONS } from './operations';
import { renderPeers, replacePeers } from './render-peers';
import type { PeersReport } from './report';

const DOCS = join(__dirname, '../../../../docs');
const FIGURES = join(DOCS, 'benchmarks', 'peers.json');

describe('the benchmark of the peers in the documentation', () => {
  const page = readFileSync(join(DOCS, 'benchmarks-peers.md'), 'utf8');
  const report: PeersReport | undefined = existsSync(FIGURES)
    ? JSON.parse(readFileSync(FIGURES, 'utf8'))
    : undefined;

  // To renew it: npm run bench:peers -- --docs docs
  it('has the figures that were measured, and no others', () => {
    expect(page).toBe(replacePeers(page, report === undefined ? 'Not measured yet.' : renderPeers(report)));
  });

  it('has the plot of these figures', () => {
    const plot = join(DOCS, 'benchmarks', 'peers.svg');
    expect(existsSync(plot)).toBe(report !== undefined);
    if (report !== undefined) expect(readFileSync(plot, 'utf8')).toBe(drawPeers(report));
  });

  it('says how it was made, and all that was found', () => {
    const text = renderPeers(SAMPLE_REPORT);
    const facts = [SAMPLE_REPORT.command, 'Node 20', '30 rounds', '120 µs / 120 µs', '0.50 × (0.48–0.52)'];
    // Holdfast beside node-postgres; the others are those beside whoever is nearest.
    facts.push('| Holdfast | 0.60 × (0.58–0.62) |');
    const names = [...LINE_UP.map(({ name }) => name), ...OPERATIONS.map(({ title }) => title)];
    for (const fact of [...facts, ...names, '1, 1,234, 56,789']) expect(text).toContain(fact);
    expect(`${text}${drawPeers(SAMPLE_REPORT)}`).not.toMatch(/NaN|undefined|null/);
  });

  it('is refused for a page without its markers', () => {
    expect(() => replacePeers('# Benchmarks', '')).toThrow('no markers');
  });
});
