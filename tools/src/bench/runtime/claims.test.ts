import { type Findings, judgeRuntime } from './claims';

const atTheLimits: Findings = {
  mistakes: [],
  misapplied: [],
  excessTraffic: [],
  timesNamed: 1.15,
  findTimes: 1.3,
  insertManyTimes: 2,
  copyInTimes: 2.5,
  timesByHand: 1.1,
};

const listBroken = (findings: Findings): readonly string[] =>
  judgeRuntime(findings)
    .filter(({ held }) => !held)
    .map(({ claim }) => claim);

it('claims nothing that does not hold on the limits', () => {
  expect(listBroken(atTheLimits)).toEqual([]);
});

it.each<[keyof Findings, Partial<Findings>, string]>([
  ['mistakes', { mistakes: ['a way was wrong'] }, 'all ways give the same results'],
  ['misapplied', { misapplied: ['one is missing'] }, 'every transaction is applied once'],
  ['excessTraffic', { excessTraffic: ['two round trips'] }, 'no operation sends more than it must'],
  [
    'timesNamed',
    { timesNamed: 1.16 },
    'a lookup through dataSource.query costs little more than a named statement by hand',
  ],
  ['findTimes', { findTimes: 1.29 }, 'findOneBy is faster than on plain TypeORM'],
  [
    'insertManyTimes',
    { insertManyTimes: 1.99 },
    'insertMany is faster than repository.insert of plain TypeORM',
  ],
  ['copyInTimes', { copyInTimes: 2.49 }, 'copyIn is faster still'],
  [
    'timesByHand',
    { timesByHand: 1.11 },
    'a unit of work costs little more than the same transaction by hand',
  ],
])('breaks one claim, and no other, when %s is beyond its limit', (_, beyond, claim) => {
  expect(listBroken({ ...atTheLimits, ...beyond })).toEqual([claim]);
});
