import type { CallContext } from '../pipeline/call-context';
import type { Enclosure, Frame, Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';
import { type RetryEvents, RetryReporter } from './retry-events';
import { type RetryDecision, RetryFrame, type RetryRule } from './retry-frame';
import { type RetryOptions, type RetrySettings, readRetrySettings } from './retry-options';
import { createAddedPredicate, isTaggedTransient } from './transience';

/** A policy that runs an operation again. */
export class RetryPolicy extends Policy implements Layer {
  readonly #rule: RetryRule;

  constructor(
    settings: RetrySettings,
    decide: (error: unknown, context: CallContext | undefined) => RetryDecision,
  ) {
    super(settings.clock);
    this.#rule = { ...settings, decide, reporter: new RetryReporter(settings.logger) };
  }

  /**
   * Tells the listener of every event of that name, until the returned function is called.
   * Events: `attempt`, `retry`, `giveUp`, `successAfterRetry`.
   * @throws InvalidOptionError when there is no such event.
   */
  on<Name extends keyof RetryEvents>(name: Name, listener: (event: RetryEvents[Name]) => void): () => void {
    return this.#rule.reporter.emitter.on(name, listener);
  }

  createFrame(outer: Enclosure): Frame {
    return new RetryFrame(outer, this.#rule);
  }

  layers(): readonly Layer[] {
    return [this];
  }
}

/**
 * Makes a policy that runs an operation again, with growing waits, while it fails in a way that may pass.
 *
 * Retried are errors tagged `transient: true`, connections that were never established (ECONNREFUSED, ENOTFOUND,
 * EAI_AGAIN, or any socket error of the `connect` call), and what `retryableErrors` adds. Everything else passes
 * through untouched, and so does the `RetryError` of a retry further in. An error's `retryAfterMs` is respected, even
 * beyond `maxDelayMs`.
 *
 * Its calls reject with `RetryError` when attempts, budget or deadline are used up; `cause` is the last failure.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function retry(options: RetryOptions = {}): RetryPolicy {
  const settings = readRetrySettings(options);
  const isAdded = createAddedPredicate(options.retryableErrors);
  return new RetryPolicy(settings, (error) => (isTaggedTransient(error) || isAdded(error) ? 'yes' : 'no'));
}
