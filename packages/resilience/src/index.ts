export type { Attempt } from './attempt';
export type { BackoffShape, Jitter } from './backoff';
export { type Clock, MAX_TIMER_MS, type ScheduledTimer, sleep, systemClock } from './clock';
export { createDeadline, type Deadline } from './deadline';
export { listErrorChain, readErrorCode } from './error-chain';
export { FakeClock } from './fake-clock';
export { InvalidOptionError, type NumberRange, requireNumber } from './invalid-option-error';
export { retryWithBackoff } from './retry';
export type { RetryContext } from './retry-context';
export type { RetryableOperation } from './retry-engine';
export { RetryError, type RetryErrorCode, type RetryFacts } from './retry-error';

export { RETRY_DEFAULTS, type RetryOptions } from './retry-options';
export type { StructuredLogger } from './structured-logger';
