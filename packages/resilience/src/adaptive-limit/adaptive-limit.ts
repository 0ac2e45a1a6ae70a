import type { BulkheadEvents } from '../bulkhead/bulkhead';
import { Gate } from '../bulkhead/gate';
import { type Clock, MAX_TIMER_MS } from '../clock/clock';
import { listErrorChain, readField } from '../errors/error-chain';
import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import { requireClock, requireFunction, requireKnownOptions, requireName } from '../errors/require-option';
import { Emitter } from '../observe/emitter';
import type { Enclosure, Frame, Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';
import { type AdaptiveRule, LimitFrame } from './limit-frame';
import type { LimitRule, LimitTracker, LoadSample } from './limit-rule';

export interface AdaptiveLimitOptions {
  /** How the limit follows what is measured: `aimd({ maxLatencyMs })` or `gradient()`. */
  readonly rule: LimitRule;
  /** An integer from `minLimit` to `maxLimit`. Default 20, or the nearest that lies within them. */
  readonly initialLimit?: number | undefined;
  /** An integer of at least 1. Default 1. */
  readonly minLimit?: number | undefined;
  /** An integer of at least `minLimit`. Default 200. */
  readonly maxLimit?: number | undefined;
  /** Callers that may wait for a slot. An integer of at least 0. Default 0. */
  readonly maxQueue?: number | undefined;
  /** How long one may wait, in milliseconds. Above 0. Default: until the caller's deadline. */
  readonly maxQueueWaitMs?: number | undefined;
  /**
   * Which errors mean overload; other failures are not measured. Default: a timeout (`TIMEOUT`) or a full pool
   * (`POOL_EXHAUSTED`), behind wrappers too.
   */
  readonly isOverload?: ((error: unknown) => boolean) | undefined;
  /** Stands in errors and events. */
  readonly name?: string | undefined;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
}

export interface AdaptiveLimitEvents extends BulkheadEvents {
  readonly limitChange: { readonly name: string | undefined; readonly from: number; readonly to: number };
}

/** Defaults of `adaptiveLimit`. */
export const ADAPTIVE_LIMIT_DEFAULTS = Object.freeze({ initialLimit: 20, minLimit: 1, maxLimit: 200 });

class AdaptiveLimitPolicy extends Policy implements Layer {
  readonly #gate: Gate;
  readonly #rule: AdaptiveRule;
  readonly #tracker: LimitTracker;
  readonly #minLimit: number;
  readonly #maxLimit: number;
  readonly #name: string | undefined;
  readonly #emitter = new Emitter<AdaptiveLimitEvents>(['reject', 'limitChange']);
  /** The limit before rounding: small steps add up. */
  #exactLimit: number;

  constructor(options: AdaptiveLimitOptions) {
    requireKnownOptions('adaptiveLimit', options, OPTIONS);
    requireClock(options.clock);
    super(options.clock);
    const { rule, maxQueue = 0, maxQueueWaitMs, isOverload = isOverloadByDefault, name } = options;
    if (typeof rule?.createTracker !== 'function') {
      throw new InvalidOptionError('rule', rule, 'aimd() or gradient()');
    }
    requireFunction('isOverload', isOverload);
    requireName(name);
    const { minLimit, maxLimit, initialLimit } = readRange(options);
    requireNumber('maxQueue', maxQueue, { min: 0, integer: true });
    if (maxQueueWaitMs !== undefined) {
      requireNumber('maxQueueWaitMs', maxQueueWaitMs, { above: 0, max: MAX_TIMER_MS });
    }
    this.#name = name;
    this.#minLimit = minLimit;
    this.#maxLimit = maxLimit;
    this.#exactLimit = initialLimit;
    this.#tracker = rule.createTracker();
    this.#gate = new Gate(initialLimit, maxQueue);
    this.#rule = {
      name,
      gate: this.#gate,
      maxQueueWaitMs,
      clock: this.clock,
      isOverload,
      onReject: ({ code, active, queued }, context) => {
        if (this.#emitter.isHeard('reject')) {
          this.#emitter.emit('reject', { code, name, active, queued, context });
        }
      },
      onSample: (sample) => this.#follow(sample),
    };
  }

  /** Operations that may run at once, at this moment. */
  get limit(): number {
    return this.#gate.limit;
  }

  /** Slots taken, by work that has not settled yet. */
  get active(): number {
    return this.#gate.active;
  }

  /** Callers waiting for a slot. */
  get queued(): number {
    return this.#gate.queued;
  }

  /**
   * Tells the listener of every event of that name, until the returned function is called.
   * Events: `reject`, `limitChange`.
   * @throws InvalidOptionError when there is no such event.
   */
  on<Name extends keyof AdaptiveLimitEvents>(
    name: Name,
    listener: (event: AdaptiveLimitEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  createFrame(outer: Enclosure): Frame {
    return new LimitFrame(outer, this.#rule);
  }

  layers(): readonly Layer[] {
    return [this];
  }

  #follow(sample: LoadSample): void {
    const wanted = this.#ask(sample);
    // Not a number would be no limit at all.
    if (Number.isNaN(wanted)) return;
    this.#exactLimit = Math.min(this.#maxLimit, Math.max(this.#minLimit, wanted));
    const from = this.#gate.limit;
    const to = Math.floor(this.#exactLimit);
    if (to === from) return;
    this.#gate.limit = to;
    if (this.#emitter.isHeard('limitChange')) {
      this.#emitter.emit('limitChange', { name: this.#name, from, to });
    }
  }

  /** A rule of the caller's own may throw. The limit stays then: measuring an operation must not change its outcome. */
  #ask(sample: LoadSample): number {
    try {
      return this.#tracker.record(sample, this.#exactLimit);
    } catch {
      return this.#exactLimit;
    }
  }
}

export type { AdaptiveLimitPolicy };

const OPTIONS = [
  'rule',
  'initialLimit',
  'minLimit',
  'maxLimit',
  'maxQueue',
  'maxQueueWaitMs',
  'isOverload',
  'name',
  'clock',
] as const satisfies readonly (keyof AdaptiveLimitOptions)[];

/**
 * Makes a bulkhead that finds its own size: it lets more operations run at once while the dependency answers as fast as
 * ever, and fewer when it slows down or times out. Everything else is as with `bulkhead`.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function adaptiveLimit(options: AdaptiveLimitOptions): AdaptiveLimitPolicy {
  return new AdaptiveLimitPolicy(options);
}

function readRange(options: AdaptiveLimitOptions) {
  const defaults = ADAPTIVE_LIMIT_DEFAULTS;
  const { minLimit = defaults.minLimit } = options;
  requireNumber('minLimit', minLimit, { min: 1, integer: true });
  const { maxLimit = Math.max(defaults.maxLimit, minLimit) } = options;
  requireNumber('maxLimit', maxLimit, { min: minLimit, integer: true });
  const { initialLimit = Math.min(maxLimit, Math.max(minLimit, defaults.initialLimit)) } = options;
  requireNumber('initialLimit', initialLimit, { min: minLimit, max: maxLimit, integer: true });
  return { minLimit, maxLimit, initialLimit };
}

const OVERLOAD_CODES: ReadonlySet<unknown> = new Set(['TIMEOUT', 'POOL_EXHAUSTED']);

function isOverloadByDefault(error: unknown): boolean {
  return listErrorChain(error).some((link) => OVERLOAD_CODES.has(readField(link, 'code')));
}
