import { GateFrame, type GateRule } from '../bulkhead/gate-frame';
import { judge } from '../errors/judge';
import type { Enclosure } from '../pipeline/frame';
import type { LoadSample } from './limit-rule';

/** What a limit frame is given by its policy. */
export interface AdaptiveRule extends GateRule {
  readonly isOverload: (error: unknown) => boolean;
  readonly onSample: (sample: LoadSample) => void;
}

/**
 * A slot whose use is measured. Of failures only overload is: what fails fast, such as a connection that is refused, would
 * pass for a dependency that is faster than ever.
 */
export class LimitFrame extends GateFrame {
  readonly #rule: AdaptiveRule;
  // NaN makes the field hold a double in place: see the retry frame.
  #startedMs = Number.NaN;
  #sample: LoadSample | undefined;

  constructor(outer: Enclosure, rule: AdaptiveRule) {
    super(outer, rule);
    this.#rule = rule;
  }

  override succeed(value: unknown): void {
    this.#sample = this.#takeSample(false);
    super.succeed(value);
  }

  override fail(error: unknown): void {
    let failure = error;
    try {
      if (judge('isOverload', error, this.#rule.isOverload)) this.#sample = this.#takeSample(true);
    } catch (predicateError) {
      failure = predicateError;
    }
    super.fail(failure);
  }

  // After the outcome, since a limit that rises may admit another run of this very call; before the slot is given on, since
  // one that falls closes it.
  protected override onReported(): void {
    const sample = this.#sample;
    this.#sample = undefined;
    if (sample !== undefined) this.#rule.onSample(sample);
  }

  protected override start(): void {
    this.#startedMs = this.#rule.clock.nowMs();
    super.start();
  }

  #takeSample(isOverload: boolean): LoadSample {
    const latencyMs = this.#rule.clock.nowMs() - this.#startedMs;
    return { latencyMs, active: this.#rule.gate.active, isOverload };
  }
}
