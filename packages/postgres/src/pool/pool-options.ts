import type { StructuredLogger } from '@holdfast/resilience';
import type { Route } from '../connection/route';
import type { PostgresEmitter } from '../events/postgres-events';
import type { StatementSettings } from '../statements/statement-settings';
import type { PoolSettings } from './pool-settings';

/** What the pool of the server that takes writes is called. */
export const PRIMARY_POOL = 'primary';

/** What a pool needs beside node-postgres' own configuration. */
export interface HoldfastPoolOptions extends StatementSettings {
  readonly settings: PoolSettings;
  /** What events and logs call it. Default `primary`. */
  readonly name?: string;
  /** In milliseconds, per session. Left to the server when not given. */
  readonly statementTimeoutMs?: number;
  readonly logger?: StructuredLogger;
  /** Told what the pool does. Default: one of its own. */
  readonly events?: PostgresEmitter;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Where each connection leads. Default: to the server of the configuration. */
  readonly route?: Route;
  /** Whether a caller is told at once when a connection cannot be opened, because it has somewhere else to go. Default false. */
  readonly failsFast?: boolean;
}
