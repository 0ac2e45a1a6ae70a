import { type Claim, findBroken } from '../../measurement/claims';
import { type ConvergenceFigures, judgeConvergence } from './convergence-claims';
import { FULL_SETTING } from './setting';

const kills = { leftUnusable: 40, leftUndone: 190, deviations: [] };
const good: ConvergenceFigures = {
  runners: { ...kills, ended: 200 },
  servers: { ...kills, ended: 20 },
  plain: { ...kills, ended: 20, deviations: ['1: idx_a is invalid'] },
  races: { rounds: 100, won: 100, problems: [] },
};

const brokenBy = (changed: Partial<ConvergenceFigures>, quick = false): readonly string[] =>
  findBroken(judgeConvergence({ ...good, ...changed }, FULL_SETTING), { quick }).map(
    ({ claim }: Claim) => claim,
  );

it('is passed by enough kills, of which none has left another catalog', () => {
  expect(brokenBy({})).toEqual([]);
});

it.each<[string, Partial<ConvergenceFigures>, RegExp]>([
  ['too few runners were killed', { runners: { ...good.runners, ended: 199 } }, /runners were killed/],
  ['all of them had finished', { runners: { ...good.runners, leftUndone: 0 } }, /runners were killed/],
  [
    'a catalog is another one',
    { runners: { ...good.runners, deviations: ['7: b is missing'] } },
    /one more run/,
  ],
  ['too few servers crashed', { servers: { ...good.servers, ended: 19 } }, /server crashed/],
  ['one is another after a crash', { servers: { ...good.servers, deviations: ['2: c'] } }, /these too/],
  ['no kill was in a build', { runners: { ...good.runners, leftUnusable: 0 } }, /middle of a build/],
  ['the plain migration converged', { plain: { ...good.plain, deviations: [] } }, /control/],
  ['two runners worked', { races: { rounds: 100, won: 99, problems: ['round 3'] } }, /one works/],
  ['a round is missing', { races: { rounds: 99, won: 99, problems: [] } }, /every round/],
])('is not passed when %s', (_, changed, claim) => {
  expect(brokenBy(changed).join('; ')).toMatch(claim);
});

it('leaves to a full run what takes many kills', () => {
  expect(brokenBy({ runners: { ...good.runners, leftUnusable: 0 } }, true)).toEqual([]);
});
