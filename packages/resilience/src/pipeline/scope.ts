import type { Clock } from '../clock/clock';
import { type Deadline, DeadlineExceededError, onDeadline } from '../clock/deadline';
import { type AbortListener, listenToSignal, unlistenToSignal } from './shared-signal';

export type { AbortListener };

/**
 * A part of a call that can be ended early. Scopes nest: what aborts the outer one aborts the inner ones. A scope asks
 * nothing of its parent until somebody listens or reads its signal, because most calls do neither, and an AbortController
 * with its listener would cost more than everything else together.
 *
 * A scope is used by one call after another: `close` ends one use, and with it every listener it has placed outside.
 */
export class Scope implements AbortListener {
  readonly #parent: Scope | undefined;
  #isAborted = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  #listeners: Set<AbortListener> | undefined;
  #isAttached = false;

  constructor(parent: Scope | undefined) {
    this.#parent = parent;
  }

  /** Asks whether this scope, or one around it, is aborted. */
  get isAborted(): boolean {
    return this.#isAborted || (this.#parent?.isAborted ?? false);
  }

  /** Asks whether `abort` was called on this scope since it was last closed. */
  get wasAborted(): boolean {
    return this.#isAborted;
  }

  /** What it was aborted with. */
  get reason(): unknown {
    return this.#isAborted ? this.#reason : this.#parent?.reason;
  }

  /** Milliseconds until something is known to abort it; infinite when nothing is. */
  remainingMs(): number {
    return this.#parent?.remainingMs() ?? Number.POSITIVE_INFINITY;
  }

  /** A signal that aborts with this scope. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isAborted) this.#controller.abort(this.reason);
      else this.#attach();
    }
    return this.#controller.signal;
  }

  /** Ends this scope and those inside. The first reason stays. */
  abort(reason: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.#detach();
    // Read first: the last listener may end the call, and close this scope.
    const controller = this.#controller;
    // One listener may take another with it: whoever has left by then is not told.
    for (const listener of this.#listeners ?? []) {
      this.#listeners?.delete(listener);
      listener.onAbort(reason);
    }
    controller?.abort(reason);
  }

  onAbort(reason: unknown): void {
    this.abort(reason);
  }

  /** Tells the listener of an abort to come. Nothing is told of one that has happened: ask first. */
  listen(listener: AbortListener): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    this.#attach();
  }

  unlisten(listener: AbortListener): void {
    if (this.#listeners?.delete(listener) && this.#listeners.size === 0 && this.#controller === undefined) {
      this.#detach();
    }
  }

  /** Ends this use of the scope: a signal that was read will not abort any more, and the next use begins afresh. */
  close(): void {
    this.#detach();
    this.#isAborted = false;
    this.#reason = undefined;
    this.#controller = undefined;
    this.#listeners?.clear();
    this.#listeners = undefined;
  }

  /** Starts to listen to what lies outside. */
  protected attach(): void {
    this.#parent?.listen(this);
  }

  protected detach(): void {
    this.#parent?.unlisten(this);
  }

  #attach(): void {
    if (this.#isAttached) return;
    this.#isAttached = true;
    this.attach();
  }

  #detach(): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    this.detach();
  }
}

/** The scope of a whole call: it ends with the caller's signal or deadline, whichever is first. */
export class CallScope extends Scope {
  readonly #clock: Clock;
  #callerSignal: AbortSignal | undefined;
  #deadline: Deadline | undefined;
  #cancelDeadline: (() => void) | undefined;

  constructor(clock: Clock) {
    super(undefined);
    this.#clock = clock;
  }

  open(signal: AbortSignal | undefined, deadline: Deadline | undefined): void {
    this.#callerSignal = signal;
    this.#deadline = deadline;
  }

  /** Whether the caller has given a signal or a deadline. */
  get isBounded(): boolean {
    return this.#callerSignal !== undefined || this.#deadline !== undefined;
  }

  get deadline(): Deadline | undefined {
    return this.#deadline;
  }

  override get isAborted(): boolean {
    return super.isAborted || this.#isEndedOutside();
  }

  override get reason(): unknown {
    if (super.isAborted) return super.reason;
    if (this.#callerSignal?.aborted) return this.#callerSignal.reason;
    return this.#isEndedOutside() ? new DeadlineExceededError() : undefined;
  }

  override remainingMs(): number {
    return this.#deadline?.remainingMs() ?? Number.POSITIVE_INFINITY;
  }

  /** The caller's own signal where nothing else can end the call. */
  override get signal(): AbortSignal {
    return this.#callerSignal !== undefined && this.#deadline === undefined
      ? this.#callerSignal
      : super.signal;
  }

  override close(): void {
    super.close();
    this.#callerSignal = undefined;
    this.#deadline = undefined;
  }

  protected override attach(): void {
    if (this.#callerSignal !== undefined) listenToSignal(this.#callerSignal, this);
    if (this.#deadline === undefined) return;
    this.#cancelDeadline = onDeadline(this.#deadline, this.#clock, () =>
      this.abort(new DeadlineExceededError()),
    );
  }

  protected override detach(): void {
    if (this.#callerSignal !== undefined) unlistenToSignal(this.#callerSignal, this);
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }

  #isEndedOutside(): boolean {
    if (this.#callerSignal?.aborted) return true;
    return this.#deadline !== undefined && this.#deadline.remainingMs() <= 0;
  }
}
