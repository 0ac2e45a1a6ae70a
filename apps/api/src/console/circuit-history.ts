import type { CircuitBreakerPolicy, CircuitStateName } from '@holdfast/resilience';

/** One change of the circuit. */
interface CircuitChange {
  /** ISO 8601. */
  readonly at: string;
  readonly from: CircuitStateName;
  readonly to: CircuitStateName;
  /** Calls and failures that opened it; null otherwise. */
  readonly calls: number | null;
  readonly failures: number | null;
  /** How long the break is, in ms; null unless it opened. */
  readonly breakMs: number | null;
}

/** A circuit and what is remembered of it. */
export interface CircuitHistory {
  readonly state: CircuitStateName;
  /** Calls it has refused since the process started. */
  readonly refused: number;
  /** Latest first. */
  readonly changes: readonly CircuitChange[];
}

const MOST_CHANGES = 50;

/** Writes down what a breaker does. Returns what reads it. */
export function recordCircuit(
  breaker: Pick<CircuitBreakerPolicy, 'state' | 'on'>,
  now: () => number = Date.now,
): () => CircuitHistory {
  const changes: CircuitChange[] = [];
  let refused = 0;
  breaker.on('reject', () => {
    refused += 1;
  });
  breaker.on('stateChange', ({ from, to, calls, failures, retryAfterMs }) => {
    changes.unshift({
      at: new Date(now()).toISOString(),
      from,
      to,
      calls: calls ?? null,
      failures: failures ?? null,
      breakMs: retryAfterMs === undefined ? null : Math.round(retryAfterMs),
    });
    changes.length = Math.min(changes.length, MOST_CHANGES);
  });
  return () => ({ state: breaker.state, refused, changes: [...changes] });
}
