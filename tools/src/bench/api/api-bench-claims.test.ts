import { SAMPLE_REPORT } from '../../test/api-bench-report';
import { judgeApiBench } from './api-bench-claims';

const { read } = SAMPLE_REPORT.workloads;

function broken(figures: typeof read): readonly string[] {
  const claims = judgeApiBench({ workloads: { read: figures, append: read } });
  return claims.filter(({ held }) => !held).map(({ claim }) => claim.replace(/^[^:]*:id: /, ''));
}

describe('judgeApiBench', () => {
  it('holds for what should be', () => {
    expect(broken(read)).toEqual([]);
  });

  it.each<[string, object]>([
    ['everything', { closed: { ...read.closed, bare: { ...read.closed.bare, failed: 1 } } }],
    ['requests per second', { ratios: { ...read.ratios, bare: { lower: 0.8, median: 0.89, upper: 0.9 } } }],
    ['the 99th', { open: { ...read.open, growth: { lower: 2, median: 3.1, upper: 4 } } }],
    ['the excess', { open: { ...read.open, excessive: { ...read.open.excessive, refused: 0 } } }],
    ['the excess', { open: { ...read.open, excessive: { ...read.open.excessive, failed: 1 } } }],
    ['the client', { open: { ...read.open, heavy: { ...read.open.heavy, lagP99Ms: 26 } } }],
  ])('does not hold otherwise: %s', (claim, wrong) => {
    expect(broken({ ...read, ...wrong })).toEqual([expect.stringContaining(claim)]);
  });
});
