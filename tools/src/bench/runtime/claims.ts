import { type Claim, claimAtLeast, claimAtMost, claimNone } from '../../measurement/claims';

/** What was found, as far as something is claimed of it. Ratios are of one caller. */
export interface Findings {
  /** Ways that did not do what the others do. */
  readonly mistakes: readonly string[];
  /** Transactions that were not applied once. */
  readonly misapplied: readonly string[];
  /** Operations that send more than they must. */
  readonly excessTraffic: readonly string[];
  /** How many times the time of a named statement by hand that of `dataSource.query` is. */
  readonly timesNamed: number;
  /** How many times the time of Holdfast's that of TypeORM's is. */
  readonly findTimes: number;
  readonly insertManyTimes: number;
  readonly copyInTimes: number;
  /** How many times the time of BEGIN, statements and COMMIT by hand that of a unit of work is. */
  readonly timesByHand: number;
}

/** What the benchmark claims, and whether it held. */
export function judgeRuntime(findings: Findings): readonly Claim[] {
  return [
    claimNone('all ways give the same results', findings.mistakes),
    claimNone('every transaction is applied once', findings.misapplied),
    claimNone('no operation sends more than it must', findings.excessTraffic),
    claimAtMost({
      claim: 'a lookup through dataSource.query costs little more than a named statement by hand',
      measured: findings.timesNamed,
      limit: 1.15,
      unit: '×',
    }),
    claimAtLeast({
      claim: 'findOneBy is faster than on plain TypeORM',
      measured: findings.findTimes,
      limit: 1.3,
      unit: '×',
    }),
    claimAtLeast({
      claim: 'insertMany is faster than repository.insert of plain TypeORM',
      measured: findings.insertManyTimes,
      limit: 2,
      unit: '×',
    }),
    claimAtLeast({
      claim: 'copyIn is faster still',
      measured: findings.copyInTimes,
      limit: 2.5,
      unit: '×',
    }),
    claimAtMost({
      claim: 'a unit of work costs little more than the same transaction by hand',
      measured: findings.timesByHand,
      limit: 1.1,
      unit: '×',
    }),
  ];
}
