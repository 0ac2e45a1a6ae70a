import type { Clock } from '../clock/clock';
import { createDeadline, onDeadline } from '../clock/deadline';
import type { CallContext } from '../pipeline/call-context';
import { type Enclosure, Frame } from '../pipeline/frame';
import type { AbortListener } from '../pipeline/scope';
import { BulkheadRejectedError } from './bulkhead-rejected-error';
import type { Gate, Waiter } from './gate';

/** What a gate frame is given by its policy. */
export interface GateRule {
  readonly name: string | undefined;
  readonly gate: Gate;
  readonly maxQueueWaitMs: number | undefined;
  readonly clock: Clock;
  readonly onReject: (error: BulkheadRejectedError, context: CallContext | undefined) => void;
}

/**
 * One call's slot. It is given back when the work has really settled: a caller whose timeout fired has gone, but what it
 * started still loads the dependency.
 */
export class GateFrame extends Frame implements AbortListener, Waiter {
  previousWaiter: Waiter | undefined;
  nextWaiter: Waiter | undefined;
  readonly #rule: GateRule;
  #abandoned = 0;
  #isReported = false;
  #cancelWaitLimit: (() => void) | undefined;

  constructor(outer: Enclosure, rule: GateRule) {
    super(outer);
    this.#rule = rule;
  }

  run(): void {
    const { gate } = this.#rule;
    this.#isReported = false;
    if (gate.tryEnter()) this.start();
    // A listener on the way in may have aborted the call, and a wait would not be told of that.
    else if (this.scope.isAborted) this.outer.fail(this.scope.reason);
    else if (gate.tryWait(this)) this.#wait();
    else this.#reject('BULKHEAD_FULL');
  }

  onAdmitted(): void {
    this.#endWait();
    this.reenter();
    try {
      this.start();
    } catch (error) {
      // Only a clock of the caller's own can throw here, and whoever gave back this slot is not to blame.
      this.call.isReusable = false;
      this.fail(error);
    }
  }

  /** The caller gave up while it waited. */
  onAbort(reason: unknown): void {
    this.#endWait();
    this.#rule.gate.leaveQueue(this);
    this.outer.fail(reason);
  }

  // The outcome first and then the slot, which would otherwise go to a hedge of this very call that waits in the queue.
  override succeed(value: unknown): void {
    const isFree = this.#report();
    this.outer.succeed(value);
    this.onReported();
    if (isFree) this.#rule.gate.leave();
  }

  override fail(error: unknown): void {
    const isFree = this.#report();
    this.outer.fail(error);
    this.onReported();
    if (isFree) this.#rule.gate.leave();
  }

  override workAbandoned(): void {
    this.#abandoned += 1;
    this.outer.workAbandoned();
  }

  override workEnded(): void {
    this.#abandoned -= 1;
    if (this.#isReported && this.#abandoned === 0) this.#rule.gate.leave();
    this.outer.workEnded();
  }

  /** A slot is ours. */
  protected start(): void {
    this.inner.run();
  }

  /** The outcome is out; the slot is not free yet. */
  protected onReported(): void {}

  /** Answers whether nothing is running any more. */
  #report(): boolean {
    this.#isReported = true;
    return this.#abandoned === 0;
  }

  #wait(): void {
    const { maxQueueWaitMs, clock } = this.#rule;
    this.scope.listen(this);
    if (maxQueueWaitMs === undefined) return;
    this.#cancelWaitLimit = onDeadline(createDeadline(maxQueueWaitMs, clock), clock, () => {
      this.#endWait();
      this.#rule.gate.leaveQueue(this);
      this.#reject('BULKHEAD_WAIT_EXCEEDED');
    });
  }

  #endWait(): void {
    this.#cancelWaitLimit?.();
    this.#cancelWaitLimit = undefined;
    this.scope.unlisten(this);
  }

  #reject(code: BulkheadRejectedError['code']): void {
    const { name, gate, onReject } = this.#rule;
    const error = new BulkheadRejectedError(code, name, gate.active, gate.queued);
    onReject(error, this.call.context);
    this.outer.fail(error);
  }
}
