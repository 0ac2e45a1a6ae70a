import type { Clock } from '../clock/clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import { judge } from '../errors/judge';
import { requireClock, requireFunction, requireKnownOptions } from '../errors/require-option';
import { Emitter } from '../observe/emitter';
import type { CallContext } from '../pipeline/call-context';
import { type Enclosure, Frame, type Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';

export interface FallbackOptions {
  /** Which failures the fallback answers. Default: all. */
  readonly handles?: ((error: unknown) => boolean) | undefined;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
}

export interface FallbackEvents {
  readonly fallback: { readonly error: unknown; readonly context: CallContext | undefined };
}

interface FallbackRule {
  readonly answer: (error: unknown) => unknown;
  readonly handles: ((error: unknown) => boolean) | undefined;
  readonly emitter: Emitter<FallbackEvents>;
}

class FallbackPolicy<F> extends Policy<F> implements Layer {
  readonly #rule: FallbackRule;

  constructor(answer: (error: unknown) => F | PromiseLike<F>, options: FallbackOptions) {
    if (typeof answer !== 'function') throw new InvalidOptionError('answer', answer, 'a function');
    requireKnownOptions('fallback', options, ['handles', 'clock']);
    requireFunction('handles', options.handles);
    requireClock(options.clock);
    super(options.clock);
    this.#rule = { answer, handles: options.handles, emitter: new Emitter<FallbackEvents>(['fallback']) };
  }

  /**
   * Tells the listener of every `fallback`, until the returned function is called.
   * @throws InvalidOptionError when there is no such event.
   */
  on<Name extends keyof FallbackEvents>(
    name: Name,
    listener: (event: FallbackEvents[Name]) => void,
  ): () => void {
    return this.#rule.emitter.on(name, listener);
  }

  createFrame(outer: Enclosure): Frame {
    return new FallbackFrame(outer, this.#rule);
  }

  layers(): readonly Layer[] {
    return [this];
  }
}

export type { FallbackPolicy };

/** One call's way out. */
class FallbackFrame extends Frame {
  readonly #rule: FallbackRule;

  constructor(outer: Enclosure, rule: FallbackRule) {
    super(outer);
    this.#rule = rule;
  }

  run(): void {
    this.inner.run();
  }

  override fail(error: unknown): void {
    const { handles, answer, emitter } = this.#rule;
    let value: unknown;
    try {
      // Whoever has left needs no answer, and must not take one for the truth.
      if (this.scope.isAborted || (handles !== undefined && !judge('handles', error, handles))) {
        this.outer.fail(error);
        return;
      }
      if (emitter.isHeard('fallback')) emitter.emit('fallback', { error, context: this.call.context });
      value = answer(error);
    } catch (thrown) {
      this.outer.fail(thrown);
      return;
    }
    Promise.resolve(value).then(
      (settled) => this.outer.succeed(settled),
      (reason: unknown) => this.outer.fail(reason),
    );
  }
}

/**
 * Makes a policy that answers with something else when what lies inside fails: a cached value, an empty list. What the
 * answer throws is what the call fails with. Aborts of the caller are not answered.
 *
 * A fallback hides failures from everything around it, so list it first: a breaker or retry outside would see success.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function fallback<F>(
  answer: (error: unknown) => F | PromiseLike<F>,
  options: FallbackOptions = {},
): FallbackPolicy<F> {
  return new FallbackPolicy(answer, options);
}
