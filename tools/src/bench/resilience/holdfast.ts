import {
  type Attempt,
  bulkhead,
  circuitBreaker,
  type ExecuteOptions,
  type Policy,
  pipeline,
  retry,
  retryWithBackoff,
  timeout,
} from '@holdfast/resilience';
import { type Contender, hasCode, type Operation, type Settings } from './contender';

const ALL_REFUSALS = Object.freeze({
  timeout: hasCode('TIMEOUT'),
  bulkhead: hasCode('BULKHEAD_FULL'),
  breaker: hasCode('CIRCUIT_OPEN'),
});

/** Beyond the timeout, so that it is kept and looked at, but not what ends a call. */
const DEADLINE_MS = 5000;

function createFour({ maxAttempts, baseDelayMs, maxConcurrent, timeoutMs }: Settings): Policy {
  return pipeline([
    retry({ maxAttempts, baseDelayMs }),
    circuitBreaker(),
    bulkhead({ maxConcurrent }),
    timeout({ timeoutMs }),
  ]);
}

type Bind = Contender['bind'];

function four(name: string, bind: Bind): Contender {
  return Object.freeze({ name, retries: true, refusals: ALL_REFUSALS, bind });
}

/** All four policies in one pipeline. */
export const HOLDFAST_FOUR = four('Holdfast, all four', (operation, settings) => {
  const policy = createFour(settings);
  return () => policy.execute(operation);
});

function alone(name: string, create: (settings: Settings) => Policy, has: Partial<Contender>): Contender {
  const bind: Bind = (operation, settings) => {
    const policy = create(settings);
    return () => policy.execute(operation);
  };
  return Object.freeze({ name, retries: false, refusals: {}, ...has, bind });
}

/**
 * The four with what callers add (each call makes its options anew, as calls in a service do), and each policy alone.
 */
export const HOLDFAST_VARIANTS: readonly Contender[] = Object.freeze([
  four('Holdfast, all four, given a signal', (operation, settings) => {
    const policy = createFour(settings);
    const { signal } = new AbortController();
    return () => policy.execute(operation, { signal } satisfies ExecuteOptions);
  }),
  four(`Holdfast, all four, given a deadline of ${DEADLINE_MS} ms`, (operation, settings) => {
    const policy = createFour(settings);
    return () => policy.execute(operation, { deadline: DEADLINE_MS } satisfies ExecuteOptions);
  }),
  four('Holdfast, all four, signal read', (operation, settings) => {
    const policy = createFour(settings);
    const reading = ({ signal }: Attempt): Promise<number> => {
      signal.throwIfAborted();
      return operation();
    };
    return () => policy.execute(reading);
  }),
  alone('Holdfast, retry', ({ maxAttempts, baseDelayMs }) => retry({ maxAttempts, baseDelayMs }), {
    retries: true,
  }),
  alone('Holdfast, circuit breaker', () => circuitBreaker(), {
    refusals: { breaker: ALL_REFUSALS.breaker },
  }),
  alone('Holdfast, bulkhead', ({ maxConcurrent }) => bulkhead({ maxConcurrent }), {
    refusals: { bulkhead: ALL_REFUSALS.bulkhead },
  }),
  alone('Holdfast, timeout', ({ timeoutMs }) => timeout({ timeoutMs }), {
    refusals: { timeout: ALL_REFUSALS.timeout },
  }),
  Object.freeze({
    name: 'Holdfast, retryWithBackoff',
    retries: true,
    refusals: {},
    bind(operation: Operation, { maxAttempts, baseDelayMs }: Settings): Operation {
      return () => retryWithBackoff(operation, { maxAttempts, baseDelayMs });
    },
  }),
]);
