import { type Findings, judgeResilience } from './claims';

const atTheLimits: Findings = {
  inactivity: [],
  mistakes: [],
  cockatielTimes: 20,
  opossumTimes: 1,
  timesBare: 8,
  netBytes: 500,
  timesSelectOne: 1.1,
  growths: [
    { name: 'timeWindow', times: 1.5 },
    { name: 'countWindow', times: 1 },
  ],
};

const listBroken = (findings: Findings): readonly string[] =>
  judgeResilience(findings)
    .filter(({ held }) => !held)
    .map(({ claim }) => claim);

it('claims nothing that does not hold on the limits', () => {
  expect(listBroken(atTheLimits)).toEqual([]);
});

it.each<[keyof Findings, Partial<Findings>, string]>([
  ['inactivity', { inactivity: ['opossum did not open'] }, 'every contender does what it is measured for'],
  [
    'mistakes',
    { mistakes: ['p-retry ran it twice'] },
    'every call ran its operation once and returned its value',
  ],
  ['cockatielTimes', { cockatielTimes: 19.99 }, "the four are much faster than cockatiel's four"],
  ['opossumTimes', { opossumTimes: 0.99 }, 'the four are no slower than opossum'],
  ['timesBare', { timesBare: 8.01 }, 'the four cost little more than a bare await'],
  ['netBytes', { netBytes: 501 }, 'the four allocate little'],
  ['timesSelectOne', { timesSelectOne: 1.11 }, 'the four hardly slow select 1 down'],
  [
    'growths',
    { growths: [...atTheLimits.growths, { name: 'sorted', times: 400 }] },
    'a failure costs the same however full the window is (sorted)',
  ],
])('breaks one claim, and no other, when %s is beyond its limit', (_, beyond, claim) => {
  expect(listBroken({ ...atTheLimits, ...beyond })).toEqual([claim]);
});
