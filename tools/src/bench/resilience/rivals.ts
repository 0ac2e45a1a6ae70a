import {
  CIRCUIT_BREAKER_DEFAULTS,
  RATIO_DEFAULTS,
  RETRY_DEFAULTS,
  TIME_WINDOW_DEFAULT_MS,
} from '@holdfast/resilience';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import { type Contender, hasCode } from './contender';

const { failureRatio, minimumThroughput } = RATIO_DEFAULTS;
const { breakMs } = CIRCUIT_BREAKER_DEFAULTS;
const { maxDelayMs } = RETRY_DEFAULTS;

/** The same four policies in the same order, set as Holdfast's are by default. */
export const COCKATIEL_FOUR: Contender = Object.freeze({
  name: 'cockatiel, the same four',
  retries: true,
  refusals: {
    timeout: (error: unknown) => error instanceof cockatiel.TaskCancelledError,
    bulkhead: cockatiel.isBulkheadRejectedError,
    breaker: cockatiel.isBrokenCircuitError,
  },
  bind(operation, { maxAttempts, baseDelayMs, maxConcurrent, timeoutMs }) {
    const policy = cockatiel.wrap(
      cockatiel.retry(cockatiel.handleAll, {
        // It counts the calls after the first.
        maxAttempts: maxAttempts - 1,
        backoff: new cockatiel.ExponentialBackoff({ initialDelay: baseDelayMs, maxDelay: maxDelayMs }),
      }),
      cockatiel.circuitBreaker(cockatiel.handleAll, {
        halfOpenAfter: breakMs,
        breaker: new cockatiel.SamplingBreaker({
          threshold: failureRatio,
          duration: TIME_WINDOW_DEFAULT_MS,
          minimumRps: minimumThroughput / (TIME_WINDOW_DEFAULT_MS / 1000),
        }),
      }),
      cockatiel.bulkhead(maxConcurrent),
      cockatiel.timeout(timeoutMs, cockatiel.TimeoutStrategy.Aggressive),
    );
    return () => policy.execute(operation);
  },
} satisfies Contender);

/** Breaker, capacity and timeout in one: it has no retry. */
export const OPOSSUM: Contender = Object.freeze({
  name: 'opossum, breaker + capacity + timeout',
  retries: false,
  refusals: {
    timeout: hasCode('ETIMEDOUT'),
    bulkhead: hasCode('ESEMLOCKED'),
    breaker: hasCode('EOPENBREAKER'),
  },
  bind(operation, { maxConcurrent, timeoutMs }) {
    const circuit = new CircuitBreaker(operation, {
      timeout: timeoutMs,
      capacity: maxConcurrent,
      errorThresholdPercentage: failureRatio * 100,
      volumeThreshold: minimumThroughput,
      rollingCountTimeout: TIME_WINDOW_DEFAULT_MS,
      resetTimeout: breakMs,
      // Its snapshots would sort all latencies once a second, while others are measured.
      enableSnapshots: false,
    });
    return () => circuit.fire();
  },
} satisfies Contender);

/** Retries alone. */
export const P_RETRY: Contender = Object.freeze({
  name: 'p-retry',
  retries: true,
  refusals: {},
  bind(operation, { maxAttempts, baseDelayMs }) {
    const options = {
      retries: maxAttempts - 1,
      minTimeout: baseDelayMs,
      maxTimeout: maxDelayMs,
      randomize: true,
    };
    return () => pRetry(operation, options);
  },
} satisfies Contender);
