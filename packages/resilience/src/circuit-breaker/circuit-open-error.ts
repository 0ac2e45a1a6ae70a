import { RejectedError } from '../errors/rejected-error';

/**
 * - `CIRCUIT_OPEN`: the dependency has failed too often, or is being tried by others right now.
 * - `CIRCUIT_ISOLATED`: somebody opened the circuit by hand.
 */
export type CircuitOpenCode = 'CIRCUIT_OPEN' | 'CIRCUIT_ISOLATED';

/** The circuit is open. The operation was not run. */
export class CircuitOpenError extends RejectedError {
  override readonly name = 'CircuitOpenError';

  constructor(
    readonly code: CircuitOpenCode,
    /** The breaker's name, if it has one. */
    readonly breaker: string | undefined,
    /** When to come back, in milliseconds; undefined while isolated, since only a person knows. */
    readonly retryAfterMs: number | undefined,
  ) {
    const which = breaker === undefined ? 'The circuit' : `Circuit ${breaker}`;
    const when = retryAfterMs === undefined ? '' : `; come back in ${Math.ceil(retryAfterMs)} ms`;
    super(`${which} is ${code === 'CIRCUIT_OPEN' ? 'open' : 'isolated'}${when}`);
  }
}
