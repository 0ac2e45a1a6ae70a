import type { TimerEntry, TimerList } from '../clock/timer-list';
import { isRejected } from '../errors/rejected-error';
import type { CallContext } from '../pipeline/call-context';
import { type Enclosure, Frame } from '../pipeline/frame';
import { Scope } from '../pipeline/scope';
import type { RetryBudget } from '../retry/retry-budget';

/** What a hedge frame is given by its policy. */
export interface HedgeRule {
  readonly maxAttempts: number;
  readonly budget: RetryBudget | undefined;
  readonly timers: TimerList;
  readonly onHedge: (run: number, context: CallContext | undefined) => void;
}

/** Another run of the same call has answered first. The reason with which the others are aborted. */
export class HedgeSupersededError extends Error {
  override readonly name = 'HedgeSupersededError';
  readonly code = 'HEDGE_SUPERSEDED';

  constructor() {
    super('Another run of this call has answered first');
  }
}

/** One call's runs, side by side. */
export class HedgeFrame extends Frame implements TimerEntry {
  dueMs = 0;
  previous: TimerEntry | undefined;
  next: TimerEntry | undefined;
  readonly #rule: HedgeRule;
  /** Paid into for every call, unless a layer outside does so. */
  readonly #ownBudget: RetryBudget | undefined;
  readonly #running = new Set<RunFrame>();
  #runs = 0;
  #isWaiting = false;
  #isOver = false;
  #firstFailure: { readonly error: unknown } | undefined;

  constructor(outer: Enclosure, rule: HedgeRule) {
    super(outer);
    this.#rule = rule;
    if (rule.budget !== undefined && this.claimBudget(rule.budget)) this.#ownBudget = rule.budget;
  }

  run(): void {
    this.#runs = 1;
    this.#isOver = false;
    this.#firstFailure = undefined;
    this.#ownBudget?.deposit();
    if (this.call.context?.idempotent === true) this.#wait();
    this.#start(this.inner as RunFrame);
  }

  /** No answer yet. */
  onDue(): void {
    this.#isWaiting = false;
    if (this.scope.isAborted || this.#rule.budget?.withdraw() === false) return;
    this.#runs += 1;
    this.call.isReusable = false;
    this.#rule.onHedge(this.#runs, this.call.context);
    // A listener may have aborted the call, and with it ended the first run.
    if (this.#isOver || this.scope.isAborted) return;
    this.reenter();
    if (this.#runs < this.#rule.maxAttempts) this.#wait();
    this.#start(this.#createRun());
  }

  onSuccess(run: RunFrame, value: unknown): void {
    if (!this.#endRun(run)) return;
    this.#end();
    this.outer.succeed(value);
  }

  onFailure(run: RunFrame, error: unknown): void {
    if (!this.#endRun(run)) return;
    // A run that was refused says less than one that ran, and must not let the call pass for one that did not.
    if (this.#firstFailure === undefined || isRejected(this.#firstFailure.error))
      this.#firstFailure = { error };
    if (this.#running.size > 0) return;
    this.#end();
    this.outer.fail(this.#firstFailure.error);
  }

  protected override createInner(): Frame {
    return this.#createRun();
  }

  #createRun(): RunFrame {
    return new RunFrame(this).link();
  }

  #start(run: RunFrame): void {
    this.#running.add(run);
    run.run();
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#rule.timers.add(this);
  }

  /** Answers whether this run's outcome still matters. */
  #endRun(run: RunFrame): boolean {
    this.#running.delete(run);
    run.scope.close();
    if (this.#isOver) this.outer.workEnded();
    return !this.#isOver;
  }

  #end(): void {
    this.#isOver = true;
    if (this.#isWaiting) this.#rule.timers.remove(this);
    this.#isWaiting = false;
    if (this.#running.size === 0) return;
    const reason = new HedgeSupersededError();
    const losers = [...this.#running];
    for (const _ of losers) this.outer.workAbandoned();
    // A loser that only waits ends right here, and says so by workEnded.
    for (const loser of losers) loser.scope.abort(reason);
  }
}

/** One run among those of a hedge. */
class RunFrame extends Frame {
  readonly #hedge: HedgeFrame;

  constructor(hedge: HedgeFrame) {
    super(hedge);
    this.#hedge = hedge;
    // It is no layer of its own: what lies inside the hedge lies inside each of its runs.
    this.depth = hedge.depth;
    this.scope = new Scope(hedge.scope);
  }

  run(): void {
    this.inner.run();
  }

  override succeed(value: unknown): void {
    this.#hedge.onSuccess(this, value);
  }

  override fail(error: unknown): void {
    this.#hedge.onFailure(this, error);
  }
}
