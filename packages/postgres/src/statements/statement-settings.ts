import { InvalidOptionError, requireNumber } from '@holdfast/resilience';

const POOLERS = ['auto', 'none', 'session', 'transaction', 'transaction-prepared'] as const;

/**
 * What stands between the pool and the server.
 *
 * - `auto`: found out at each login. Nothing, or else the worst that it might be: `transaction`.
 * - `none`: nothing. Statements are prepared, and the session has its statement timeout.
 * - `session`: a pooler that gives each client a server connection of its own, such as PgBouncer in session mode. As `none`.
 * - `transaction`: a pooler that changes the server connection between transactions. No statement is prepared, and no
 *   statement timeout is set for the session, because it would stay on a connection that other clients use.
 * - `transaction-prepared`: one that keeps track of prepared statements itself, such as PgBouncer from 1.21 on with
 *   `max_prepared_statements`. Statements are prepared, and no statement timeout is set.
 */
export type Pooler = (typeof POOLERS)[number];

/** How statements are prepared. */
export interface StatementSettings {
  /** Default `auto`. */
  readonly pooler?: Pooler;
  /** How many statements each connection holds under a name: 0 to 10 000. 0 prepares none. Default 256. */
  readonly maxPreparedStatements?: number;
}

const DEFAULTS = Object.freeze({ pooler: 'auto', maxPreparedStatements: 256 } as const);

/**
 * Returns a frozen copy of these settings in which nothing is missing.
 * @throws InvalidOptionError
 */
export function requireStatementSettings(settings: StatementSettings): Required<StatementSettings> {
  const { pooler = DEFAULTS.pooler, maxPreparedStatements = DEFAULTS.maxPreparedStatements } = settings;
  if (!POOLERS.includes(pooler)) {
    throw new InvalidOptionError('pooler', pooler, `one of ${POOLERS.join(', ')}`);
  }
  requireNumber('maxPreparedStatements', maxPreparedStatements, { min: 0, max: 10_000, integer: true });
  return Object.freeze({ pooler, maxPreparedStatements });
}
