import { type Claim, claimAtLeast, claimAtMost, claimNone } from '../../measurement/claims';

/** What was found, as far as something is claimed of it. "The four" are retry, breaker, bulkhead and timeout together. */
export interface Findings {
  /** Contenders that do not do what they are measured for. */
  readonly inactivity: readonly string[];
  /** Calls that did not run their operation once, or did not return its value. */
  readonly mistakes: readonly string[];
  /** How many times the time of the four that of cockatiel's four is. */
  readonly cockatielTimes: number;
  readonly opossumTimes: number;
  /** How many times the time of a bare call that of the four is. */
  readonly timesBare: number;
  readonly netBytes: number;
  readonly timesSelectOne: number;
  /** How many times as much a failure costs when the window is full; for each of our own ways to count. */
  readonly growths: readonly { readonly name: string; readonly times: number }[];
}

/** What the benchmark claims, and whether it held. */
export function judgeResilience(findings: Findings): readonly Claim[] {
  return [
    claimNone('every contender does what it is measured for', findings.inactivity),
    claimNone('every call ran its operation once and returned its value', findings.mistakes),
    claimAtLeast({
      claim: "the four are much faster than cockatiel's four",
      measured: findings.cockatielTimes,
      limit: 20,
      unit: '×',
    }),
    claimAtLeast({
      claim: 'the four are no slower than opossum',
      measured: findings.opossumTimes,
      limit: 1,
      unit: '×',
    }),
    claimAtMost({
      claim: 'the four cost little more than a bare await',
      measured: findings.timesBare,
      limit: 8,
      unit: '×',
    }),
    claimAtMost({
      claim: 'the four allocate little',
      measured: findings.netBytes,
      limit: 500,
      unit: 'bytes',
    }),
    claimAtMost({
      claim: 'the four hardly slow select 1 down',
      measured: findings.timesSelectOne,
      limit: 1.1,
      unit: '×',
    }),
    ...findings.growths.map(({ name, times }) =>
      claimAtMost({
        claim: `a failure costs the same however full the window is (${name})`,
        measured: times,
        limit: 1.5,
        unit: '×',
      }),
    ),
  ];
}
