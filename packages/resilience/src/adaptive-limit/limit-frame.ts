import { GateFrame, type GateRule } from '../bulkhead/gate-frame';
import { judge } from '../errors/judge';
import type { Enclosure } from '../pipeline/frame';
import type { LoadSample } from './limit-rule';

/** What a limit frame is given by its policy. */
export interface AdaptiveRule extends GateRule {
  readonly isOverload: (error: unknown) => boolean;
  readonly onSample: (sample: LoadSample) => void;
}

/** A slot whose use is measured. */
export class LimitFrame extends GateFrame {
  readonly #rule: AdaptiveRule;
  #isRunning = false;
  // NaN makes the field hold a double in place: see the retry frame.
  #startedMs = Number.NaN;

  constructor(outer: Enclosure, rule: AdaptiveRule) {
    super(outer, rule);
    this.#rule = rule;
  }

  override succeed(value: unknown): void {
    this.#measure(false);
    super.succeed(value);
  }

  override fail(error: unknown): void {
    try {
      const isOverload = judge('isOverload', error, this.#rule.isOverload);
      // What was cut short from outside took as long as its caller let it.
      if (isOverload || !this.scope.isAborted) this.#measure(isOverload);
    } catch (predicateError) {
      super.fail(predicateError);
      return;
    }
    super.fail(error);
  }

  protected override start(): void {
    this.#isRunning = true;
    this.#startedMs = this.#rule.clock.nowMs();
    super.start();
  }

  #measure(isOverload: boolean): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    const latencyMs = this.#rule.clock.nowMs() - this.#startedMs;
    this.#rule.onSample({ latencyMs, active: this.#rule.gate.active, isOverload });
  }
}
