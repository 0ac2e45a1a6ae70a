import type { RetryPolicy } from '../retry/retry';
import type { RetryEvents } from '../retry/retry-events';

/** A connection that was never established: what every retry takes for transient. */
export function refused(): Error {
  return Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
}

/** An operation that counts how often it is run. */
export interface CountedOperation<T> {
  readonly calls: number;
  readonly operation: () => Promise<T>;
}

/** An operation that fails with each of the errors in turn and then succeeds. */
export function failingWith(...errors: unknown[]): CountedOperation<string> {
  return countCalls((call) => (call > errors.length ? 'done' : Promise.reject(errors[call - 1])));
}

/** An operation that never succeeds. */
export function alwaysFailing(createError: () => unknown = refused): CountedOperation<string> {
  return countCalls(() => Promise.reject(createError()));
}

/** An operation that does what the test says at its n-th call, counted from 1. */
export function countCalls<T>(act: (call: number) => T | PromiseLike<T>): CountedOperation<T> {
  let calls = 0;
  return {
    get calls() {
      return calls;
    },
    operation: async () => {
      calls += 1;
      return await act(calls);
    },
  };
}

export type NamedRetryEvent = {
  [Name in keyof RetryEvents]: { readonly name: Name } & RetryEvents[Name];
}[keyof RetryEvents];

/** Keeps everything that a retry tells, in order. */
export function recordRetryEvents(policy: RetryPolicy): NamedRetryEvent[] {
  const events: NamedRetryEvent[] = [];
  policy.on('attempt', (event) => events.push({ name: 'attempt', ...event }));
  policy.on('retry', (event) => events.push({ name: 'retry', ...event }));
  policy.on('giveUp', (event) => events.push({ name: 'giveUp', ...event }));
  policy.on('successAfterRetry', (event) => events.push({ name: 'successAfterRetry', ...event }));
  return events;
}
