import { type Claim, claimAtLeast, claimAtMost } from '../../measurement/claims';
import type { ApiBenchReport, WorkloadFigures } from './report';
import { WORKLOAD_TITLES, WORKLOADS, type Workload } from './workloads';

const LEAST_RATIO = 0.9;
/** How many times the latency of what is accepted may grow when twice as much arrives as is borne. */
const MOST_GROWTH = 3;
/** How late the client may send by itself: beyond, it measures itself. */
const MOST_LAG_MS = 25;

/** Judges a report. */
export function judgeApiBench({ workloads }: Pick<ApiBenchReport, 'workloads'>): readonly Claim[] {
  return WORKLOADS.flatMap((workload) => judgeWorkload(workload, workloads[workload]));
}

function judgeWorkload(workload: Workload, { closed, ratios, open }: WorkloadFigures): readonly Claim[] {
  const title = WORKLOAD_TITLES[workload];
  const { heavy, excessive, growth } = open;
  const failed = Object.values(closed).reduce((sum, one) => sum + one.failed, 0);
  return [
    {
      claim: `${title}: everything that was asked for was done`,
      held: failed === 0 && heavy.failed === 0,
      found: `${failed} failed of all in turns, ${heavy.failed} at 80 %`,
    },
    claimAtLeast({
      claim: `${title}: requests per second, of fastify and node-postgres by hand`,
      measured: ratios.bare.median,
      limit: LEAST_RATIO,
      unit: '×',
    }),
    claimAtMost({
      claim: `${title}: the 99th percentile of what is accepted at 200 % of the capacity, of that at 80 %`,
      measured: growth.median,
      limit: MOST_GROWTH,
      unit: '×',
    }),
    {
      claim: `${title}: the excess is refused, and neither queued nor lost`,
      kind: 'speed',
      held: excessive.refused > 0 && excessive.accepted > 0 && excessive.failed === 0,
      found: `of ${excessive.accepted + excessive.refused + excessive.failed} requests ${excessive.accepted} accepted, ${excessive.refused} refused, ${excessive.failed} failed`,
    },
    claimAtMost({
      claim: `${title}: the client sent when it should`,
      measured: Math.max(heavy.lagP99Ms, excessive.lagP99Ms),
      limit: MOST_LAG_MS,
      unit: 'ms',
    }),
  ];
}
