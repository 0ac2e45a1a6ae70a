import type { Clock } from '../clock/clock';
import type { Operation } from './attempt';
import type { CallContext } from './call-context';
import type { CallScope, Scope } from './scope';

/** What all frames of one call share. Filled when a call starts. */
export interface Call {
  readonly layers: readonly Layer[];
  readonly clock: Clock;
  readonly scope: CallScope;
  operation: Operation<unknown>;
  context: CallContext | undefined;
  /**
   * When the call, or its next part after a wait, came in; NaN until somebody asks. Several frames begin at the same moment,
   * and reading the clock is most of what each of them costs.
   */
  enteredMs: number;
  /**
   * Whether the frames may serve another call. An abort, a timeout or a second run beside the first leaves others behind
   * that still refer to them; such frames end with their call.
   */
  isReusable: boolean;
}

/** Something that takes part in calls: it puts a frame of its own around whatever lies inside. */
export interface Layer {
  createFrame(outer: Enclosure): Frame;
}

/** Where a frame hands its outcome, and what it inherits from there. */
export interface Enclosure {
  readonly call: Call;
  /** Ends what runs inside. */
  readonly scope: Scope;
  /** Counts the runs of the operation: the nearest retry around. */
  readonly attempts: { readonly attempt: number };
  /** The retry budgets of this layer and those outside. */
  readonly budgets: readonly object[];
  /** How many layers lie outside. */
  readonly depth: number;
  succeed(value: unknown): void;
  fail(error: unknown): void;
  /** Work inside goes on although its outcome has been reported: its slot is not free yet. */
  workAbandoned(): void;
  /** Abandoned work has really ended. */
  workEnded(): void;
}

/**
 * One layer's part in one call. A call goes inward from frame to frame by `run`, and its outcome comes back outward by
 * `succeed` or `fail`, exactly once for each run. There is no promise in between: the whole pipeline costs one promise
 * for the caller and one reaction on the operation's own.
 *
 * Frames are used by one call after another, so `run` sets every field anew. A frame whose work was abandoned stays with
 * that work and is not used again.
 */
export abstract class Frame implements Enclosure {
  readonly call: Call;
  depth: number;
  scope: Scope;
  attempts: { readonly attempt: number };
  budgets: readonly object[];
  protected readonly outer: Enclosure;
  protected inner!: Frame;

  constructor(outer: Enclosure) {
    this.call = outer.call;
    this.depth = outer.depth + 1;
    this.scope = outer.scope;
    this.attempts = outer.attempts;
    this.budgets = outer.budgets;
    this.outer = outer;
  }

  /** Builds the frames inside, down to the operation. */
  link(): this {
    this.inner = this.createInner();
    return this;
  }

  abstract run(): void;

  succeed(value: unknown): void {
    this.outer.succeed(value);
  }

  fail(error: unknown): void {
    this.outer.fail(error);
  }

  workAbandoned(): void {
    this.outer.workAbandoned();
  }

  workEnded(): void {
    this.outer.workEnded();
  }

  /** This moment, for a frame that is being entered. Whoever goes inward after a wait says so first, by `reenter`. */
  protected readEnteredMs(): number {
    const { call } = this;
    if (Number.isNaN(call.enteredMs)) call.enteredMs = call.clock.nowMs();
    return call.enteredMs;
  }

  /** Time has passed since the call came in. */
  protected reenter(): void {
    this.call.enteredMs = Number.NaN;
  }

  /** Makes those inside know of a budget, and answers whether nobody outside has done so: each is paid into once for a call. */
  protected claimBudget(budget: object): boolean {
    if (this.budgets.includes(budget)) return false;
    this.budgets = [...this.budgets, budget];
    return true;
  }

  protected createInner(): Frame {
    const layer = this.call.layers[this.depth] as Layer;
    return layer.createFrame(this).link();
  }
}
