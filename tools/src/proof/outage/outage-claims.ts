import { CIRCUIT_BREAKER_DEFAULTS, RETRY_BUDGET_DEFAULTS } from '@holdfast/resilience';
import type { Claim } from '../../measurement/claims';
import type { Figures } from './figures';
import type { ScenarioName } from './scenarios';
import type { OutageKind, Setting } from './setting';

/** What the scenarios of one kind of outage came to. */
export type OutageFigures = Readonly<Record<ScenarioName, Figures>>;

const MAX_AMPLIFICATION = 1.2;
const MIN_AMPLIFICATION_OF_CONTROL = 3;
const MAX_LOAD_AFTER = 1.5;
/** The last calls to hang must time out, and the second in which they do is not a good one yet. */
const MAX_RECOVERY_SECONDS = 3;
/** A trial may fail just before the dependency is back. */
const LONGEST_BREAK_SECONDS = CIRCUIT_BREAKER_DEFAULTS.maxBreakMs / 1000;

/**
 * Judges the figures of one kind of outage. The first two are controls: an outage that plain retries do not make worse
 * would prove nothing about a budget.
 */
export function judgeClaims(outage: OutageKind, figures: OutageFigures, setting: Setting): readonly Claim[] {
  const { naive, jitter, budget, 'budget-and-breaker': both } = figures;
  const bound = boundAmplification(budget, setting);
  const judge = (claim: string, found: string, held: boolean): Claim => ({
    claim: `${outage}: ${claim}`,
    found,
    held,
  });
  return [
    judge(
      `without a budget, retries multiply the load by at least ${MIN_AMPLIFICATION_OF_CONTROL} (control)`,
      `${times(naive.amplification)}, with jitter ${times(jitter.amplification)}`,
      Math.min(naive.amplification, jitter.amplification) >= MIN_AMPLIFICATION_OF_CONTROL,
    ),
    judge(
      `and then come back with more than ${MAX_LOAD_AFTER} × normal load (control)`,
      `${times(naive.busiestSecondRatio)}, with jitter ${times(jitter.busiestSecondRatio)}`,
      Math.min(naive.busiestSecondRatio, jitter.busiestSecondRatio) > MAX_LOAD_AFTER,
    ),
    judge(
      `a budget alone keeps the load at ${MAX_AMPLIFICATION} × demand or less`,
      times(budget.amplification),
      budget.amplification <= MAX_AMPLIFICATION,
    ),
    judge(
      'and retries within its promise, burst + ratio × requests + floor × time',
      `${times(budget.amplification)} of at most ${times(bound)}`,
      budget.amplification <= bound,
    ),
    judge(
      'a breaker in addition lets fewer calls through',
      `${times(both.amplification)} against ${times(budget.amplification)}`,
      both.amplification < budget.amplification,
    ),
    judge(
      `when it is over, no second carries more than ${MAX_LOAD_AFTER} × normal load`,
      `budget ${times(budget.busiestSecondRatio)}, budget and breaker ${times(both.busiestSecondRatio)}`,
      Math.max(budget.busiestSecondRatio, both.busiestSecondRatio) <= MAX_LOAD_AFTER,
    ),
    judge(
      `and requests are served in time again, within ${MAX_RECOVERY_SECONDS} s and with a breaker ${LONGEST_BREAK_SECONDS} s more`,
      `budget ${after(budget)}, budget and breaker ${after(both)}`,
      recovered(budget) <= MAX_RECOVERY_SECONDS &&
        recovered(both) <= MAX_RECOVERY_SECONDS + LONGEST_BREAK_SECONDS,
    ),
  ];
}

/**
 * The most that default budgets allow, as calls per request: each process may spend a full bucket, a share of its
 * requests, and its floor. Where a process has few requests, the floor is most of it.
 */
export function boundAmplification({ requestsInOutage }: Figures, setting: Setting): number {
  const { ratio, burst, minRetriesPerSecond } = RETRY_BUDGET_DEFAULTS;
  const perProcess = burst + minRetriesPerSecond * setting.outageSeconds;
  return 1 + ratio + (setting.processes * perProcess) / requestsInOutage;
}

function times(ratio: number): string {
  return `${ratio.toFixed(3)} ×`;
}

function recovered({ recoverySeconds = Number.POSITIVE_INFINITY }: Figures): number {
  return recoverySeconds;
}

function after({ recoverySeconds }: Figures): string {
  return recoverySeconds === undefined ? 'never' : `after ${recoverySeconds} s`;
}
