import { type Clock, circuitBreaker, type Policy, retry, retryBudget } from '@holdfast/resilience';
import type { Random } from '../random';

/** One way of calling the dependency. */
export interface Scenario {
  /** Stands in the table. */
  readonly title: string;
  /** The policies of one client process, outermost first. Each call is timed inside them. */
  createPolicies(clock: Clock, random: Random): readonly Policy[];
}

/** Every call may be run again here, so that one whose answer did not come in time is retried as well. */
const RETRYABLE = Object.freeze({ retryableErrors: ['TIMEOUT'] });

/** The ways that are compared. Whatever is not named has the library's default. */
export const SCENARIOS = {
  none: {
    title: 'no retries: the demand itself',
    createPolicies: () => [],
  },
  naive: {
    title: 'retry, no jitter, no budget',
    createPolicies: (clock, random) => [retry({ ...RETRYABLE, jitter: 'none', clock, random })],
  },
  jitter: {
    title: 'retry, full jitter, no budget',
    createPolicies: (clock, random) => [retry({ ...RETRYABLE, clock, random })],
  },
  budget: {
    title: 'retry with a budget',
    createPolicies: (clock, random) => [
      retry({ ...RETRYABLE, clock, random, budget: retryBudget({ clock }) }),
    ],
  },
  breaker: {
    title: 'circuit breaker, no retries',
    createPolicies: (clock) => [circuitBreaker({ clock })],
  },
  'budget-and-breaker': {
    title: 'retry with a budget, breaker',
    createPolicies: (clock, random) => [
      retry({ ...RETRYABLE, clock, random, budget: retryBudget({ clock }) }),
      circuitBreaker({ clock }),
    ],
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as readonly ScenarioName[];
