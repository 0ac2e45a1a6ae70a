import type { Clock } from './clock';
import type { StructuredLogger } from './structured-logger';

/** Says who is calling and for whom. Only the identifying fields are logged, and only when they are short primitives. */
export interface RetryContext {
  /** Name of the operation, as it should read in a log. */
  readonly operation?: string;
  readonly component?: string;
  readonly requestId?: string;
  readonly traceId?: string;
  readonly organizationId?: string;
  readonly userId?: string;
  /** Running the operation twice has the effect of running it once. Default false. */
  readonly idempotent?: boolean;
  /** Receives one line per retry, giving up and success after a retry. */
  readonly logger?: StructuredLogger;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}
