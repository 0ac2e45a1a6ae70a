export {
  ADAPTIVE_LIMIT_DEFAULTS,
  type AdaptiveLimitEvents,
  type AdaptiveLimitOptions,
  type AdaptiveLimitPolicy,
  adaptiveLimit,
} from './adaptive-limit/adaptive-limit';
export { type AimdOptions, aimd } from './adaptive-limit/aimd';
export { type GradientOptions, gradient } from './adaptive-limit/gradient';
export type { LimitRule, LimitTracker, LoadSample } from './adaptive-limit/limit-rule';
export {
  type BulkheadEvents,
  type BulkheadOptions,
  type BulkheadPolicy,
  bulkhead,
} from './bulkhead/bulkhead';
export { type BulkheadRejectedCode, BulkheadRejectedError } from './bulkhead/bulkhead-rejected-error';
export { isAvailabilityFailure } from './circuit-breaker/availability';
export { CIRCUIT_BREAKER_DEFAULTS, type CircuitBreakerOptions } from './circuit-breaker/breaker-options';
export type { CircuitStateName } from './circuit-breaker/circuit';
export {
  type CircuitBreakerEvents,
  type CircuitBreakerPolicy,
  circuitBreaker,
} from './circuit-breaker/circuit-breaker';
export { type CircuitOpenCode, CircuitOpenError } from './circuit-breaker/circuit-open-error';
export type { CircuitSnapshot } from './circuit-breaker/circuit-snapshot';
export { consecutiveFailures } from './circuit-breaker/consecutive-failures';
export { type CountWindowOptions, countWindow } from './circuit-breaker/count-window';
export { RATIO_DEFAULTS, type RatioOptions } from './circuit-breaker/ratios';
export { TIME_WINDOW_DEFAULT_MS, type TimeWindowOptions, timeWindow } from './circuit-breaker/time-window';
export type { CallOutcome, Tally, TallySnapshot, TripRule } from './circuit-breaker/trip-rule';
export { type Clock, MAX_TIMER_MS, type ScheduledTimer, systemClock } from './clock/clock';
export { createDeadline, type Deadline, DeadlineExceededError } from './clock/deadline';
export { type FakeClock, fakeClock } from './clock/fake-clock';
export { listErrorChain, readErrorCode } from './errors/error-chain';
export { InvalidOptionError, type NumberRange, requireNumber } from './errors/invalid-option-error';
export { PredicateError } from './errors/judge';
export { isRejected, RejectedError } from './errors/rejected-error';
export { requireFunction, requireKnownOptions, requireLogger } from './errors/require-option';
export {
  type FallbackEvents,
  type FallbackOptions,
  type FallbackPolicy,
  fallback,
} from './fallback/fallback';
export {
  type Fault,
  type InjectFaultsOptions,
  type InjectFaultsPolicy,
  injectFaults,
} from './fault-injection/inject-faults';
export { type HedgeEvents, type HedgeOptions, type HedgePolicy, hedge } from './hedge/hedge';
export { HedgeSupersededError } from './hedge/hedge-frame';
export { Emitter } from './observe/emitter';
export type { StructuredLogger } from './observe/structured-logger';
export type { Attempt, Operation } from './pipeline/attempt';
export type { CallContext } from './pipeline/call-context';
export { pipeline } from './pipeline/pipeline';
export type { ExecuteOptions, Policy } from './pipeline/policy';
export {
  type Backoff,
  constant,
  EXPONENTIAL_DEFAULTS,
  type ExponentialOptions,
  exponential,
  iterable,
  type Jitter,
} from './retry/backoff';
export { type RetryPolicy, retry } from './retry/retry';
export {
  RETRY_BUDGET_DEFAULTS,
  type RetryBudget,
  type RetryBudgetOptions,
  retryBudget,
} from './retry/retry-budget';
export { RetryError, type RetryErrorCode, type RetryFacts } from './retry/retry-error';
export type { GiveUpReason, RetryEvents, RetryProgress } from './retry/retry-events';
export { RETRY_DEFAULTS, type RetryDefaults, type RetryOptions } from './retry/retry-options';
export { type RetryCallOptions, type RetryContext, retryWithBackoff } from './retry/retry-with-backoff';
export {
  type TimeoutEvents,
  type TimeoutMode,
  type TimeoutOptions,
  type TimeoutPolicy,
  timeout,
} from './timeout/timeout';
export { TimeoutError } from './timeout/timeout-error';
