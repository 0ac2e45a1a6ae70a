import { findBroken } from '../../measurement/claims';
import type { Latencies } from './latencies';
import { judgeOnline } from './online-claims';
import type { OnlineFigures, PlainFigures } from './phases';

const took = (p99Ms: number, longestMs: number, changed: Partial<Latencies> = {}): Latencies => ({
  seconds: 10,
  appended: 1_000,
  failed: 0,
  failure: undefined,
  medianMs: 1,
  p99Ms,
  longestMs,
  ...changed,
});
const phases = {
  before: took(2, 9),
  busy: took(6, 9),
  build: took(6, 50),
  replace: took(5, 60),
  drop: took(4, 40),
  after: took(2, 9),
};
const online: OnlineFigures = { phases, migration: took(6, 60), between: took(2, 9), problems: [], lost: 0 };
const plain: PlainFigures = { before: took(2, 9), build: took(900, 6_000) };

const brokenBy = (changed: Partial<OnlineFigures>, other = plain, quick = false): string =>
  findBroken(judgeOnline({ ...online, ...changed }, other), { quick })
    .map(({ claim }) => claim)
    .join('; ');

it('is passed when nothing failed and the slowest were at most three times as slow', () => {
  expect(brokenBy({})).toBe('');
});

it.each<[string, Partial<OnlineFigures>, RegExp]>([
  ['an index is not as it was to be', { problems: ['build: a is missing'] }, /every index/],
  [
    'one failed between two phases',
    { between: took(2, 9, { failed: 1, failure: 'no' }) },
    /no append failed/,
  ],
  [
    'an append failed',
    { phases: { ...phases, drop: took(4, 40, { failed: 1, failure: 'no' }) } },
    /no append failed/,
  ],
  ['an append is missing', { lost: 1 }, /every append/],
  ['there are more than were confirmed', { lost: -1 }, /every append/],
  ['nobody appended', { phases: { ...phases, build: took(0, 0, { appended: 0 }) } }, /in every phase/],
  [
    'those of one phase are',
    { phases: { ...phases, replace: took(6.1, 60) } },
    /^replace: the same of that time alone$/,
  ],
  ['all of them wait at once', { migration: took(6, 501) }, /^no append stalls$/],
  ['the slowest are slower', { migration: took(6.1, 60) }, /^during the migration the slowest/],
])('is not passed when %s', (_, changed, claim) => {
  expect(brokenBy(changed)).toMatch(claim);
});

it('is not passed when an ordinary migration does not show the fault, and leaves times to a full run', () => {
  const harmless = { ...plain, build: took(9, 100) };
  expect(brokenBy({}, harmless)).toMatch(/control/);
  expect(brokenBy({}, harmless, true)).toBe('');
});
