import type { RetryPolicy } from './retry';
import type { RetryOptions } from './retry-options';

type Environment = Pick<RetryOptions, 'logger' | 'clock' | 'random'>;

/**
 * Makes the policies of a helper whose calls differ only in their context: one for each logger, made when it is first
 * needed. A policy of its own for every call would cost more than the call. A clock or randomness that is handed in is a
 * test's, and gets a policy of its own.
 */
export function policyForContext(
  create: (environment: Environment) => RetryPolicy,
): (context: Environment) => RetryPolicy {
  let silent: RetryPolicy | undefined;
  const logging = new WeakMap<object, RetryPolicy>();
  return ({ logger, clock, random }) => {
    if (clock !== undefined || random !== undefined) return create({ logger, clock, random });
    if (logger === undefined) {
      silent ??= create({});
      return silent;
    }
    const known = typeof logger === 'object' && logger !== null ? logging.get(logger) : undefined;
    if (known !== undefined) return known;
    const policy = create({ logger });
    logging.set(logger, policy);
    return policy;
  };
}
