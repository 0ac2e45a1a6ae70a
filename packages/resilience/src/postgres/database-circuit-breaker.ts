import type { CircuitBreakerOptions } from '../circuit-breaker/breaker-options';
import { type CircuitBreakerPolicy, circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { InvalidOptionError } from '../errors/invalid-option-error';
import { requireOptionsObject } from '../errors/require-option';
import { isDatabaseFailure, type ServerRole } from './predicates';

export interface DatabaseCircuitBreakerOptions extends Omit<CircuitBreakerOptions, 'isFailure'> {
  /** Which server stands behind it. Default `'writer'`. */
  readonly role?: ServerRole | undefined;
}

const ROLES: readonly unknown[] = ['writer', 'reader'] satisfies ServerRole[];

/**
 * Makes a circuit breaker for one PostgreSQL server: `circuitBreaker`, counting what `isDatabaseFailure` says.
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function databaseCircuitBreaker(options: DatabaseCircuitBreakerOptions = {}): CircuitBreakerPolicy {
  requireOptionsObject('databaseCircuitBreaker', options);
  if ('isFailure' in options) {
    throw new InvalidOptionError(
      'isFailure',
      options.isFailure,
      'left out: use circuitBreaker() for a rule of your own',
    );
  }
  const { role = 'writer', ...shape } = options;
  if (!ROLES.includes(role)) throw new InvalidOptionError('role', role, `one of ${ROLES.join(', ')}`);
  return circuitBreaker({ ...shape, isFailure: (error) => isDatabaseFailure(error, role) });
}
