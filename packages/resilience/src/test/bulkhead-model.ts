/** A call as the model sees it. */
export interface ModelCall {
  readonly id: number;
  /** Its operation ends the moment it is run. */
  readonly isInstant: boolean;
  readonly deadlineAtMs: number;
  place: 'outside' | 'queue' | 'slot';
  waitEndsAtMs: number;
  /** When the timeout around its operation ends. */
  limitAtMs: number;
  isAborted: boolean;
  /** A limit passed while it ran, and with which code. */
  expired: string | undefined;
  outcome: string | undefined;
}

export interface ModelSettings {
  readonly maxConcurrent: number;
  readonly maxQueue: number;
  readonly maxQueueWaitMs: number | undefined;
  readonly timeout: { readonly timeoutMs: number; readonly mode: 'abandon' | 'cooperate' } | undefined;
}

/**
 * What a bulkhead with a timeout inside promises, said as plainly as it can be: all calls in one array, in the order
 * they came, and every question answered by looking through it.
 */
export class BulkheadModel {
  readonly calls: ModelCall[] = [];
  /** Who was run, in order. */
  readonly started: number[] = [];
  nowMs = 0;
  readonly #settings: ModelSettings;

  constructor(settings: ModelSettings) {
    this.#settings = settings;
  }

  get slots(): readonly ModelCall[] {
    return this.calls.filter(({ place }) => place === 'slot');
  }

  get queue(): readonly ModelCall[] {
    return this.calls.filter(({ place }) => place === 'queue');
  }

  arrive(isInstant: boolean, deadlineMs: number | undefined, isAborted: boolean): void {
    const { maxConcurrent, maxQueue, maxQueueWaitMs = Number.POSITIVE_INFINITY } = this.#settings;
    const call: ModelCall = {
      id: this.calls.length,
      isInstant,
      deadlineAtMs: this.nowMs + (deadlineMs ?? Number.POSITIVE_INFINITY),
      place: 'outside',
      waitEndsAtMs: this.nowMs + maxQueueWaitMs,
      limitAtMs: Number.POSITIVE_INFINITY,
      isAborted,
      expired: undefined,
      outcome: undefined,
    };
    this.calls.push(call);
    if (isAborted) call.outcome = 'aborted';
    else if (this.slots.length < maxConcurrent && this.queue.length === 0) this.#start(call);
    else if (this.queue.length < maxQueue) call.place = 'queue';
    else call.outcome = 'BULKHEAD_FULL';
  }

  /** The operation of a call in a slot ends. */
  settle(call: ModelCall, isSuccess: boolean): void {
    this.#end(call, isSuccess ? 'done' : (call.expired ?? 'failed'));
    while (this.slots.length < this.#settings.maxConcurrent) {
      const [next] = this.queue;
      if (next === undefined) break;
      this.#start(next);
    }
  }

  abort(call: ModelCall): void {
    call.isAborted = true;
    if (call.place === 'queue') this.#end(call, 'aborted');
  }

  advance(durationMs: number): void {
    this.nowMs += durationMs;
    for (const call of this.calls) {
      if (call.place === 'queue') this.#endWait(call);
      else if (call.place === 'slot' && call.expired === undefined) this.#expire(call);
    }
  }

  /** What the operation of a call can read of its time. */
  remainingMs({ deadlineAtMs, limitAtMs }: ModelCall): number {
    return Math.max(0, Math.min(deadlineAtMs, limitAtMs) - this.nowMs);
  }

  isSignalAborted({ isAborted, expired, deadlineAtMs }: ModelCall): boolean {
    return isAborted || expired !== undefined || deadlineAtMs <= this.nowMs;
  }

  #start(call: ModelCall): void {
    this.started.push(call.id);
    call.place = 'slot';
    call.limitAtMs = this.nowMs + (this.#settings.timeout?.timeoutMs ?? Number.POSITIVE_INFINITY);
    if (call.isInstant) this.#end(call, 'done');
  }

  #endWait(call: ModelCall): void {
    const { deadlineAtMs, waitEndsAtMs } = call;
    if (Math.min(deadlineAtMs, waitEndsAtMs) > this.nowMs) return;
    this.#end(call, deadlineAtMs < waitEndsAtMs ? 'DEADLINE_EXCEEDED' : 'BULKHEAD_WAIT_EXCEEDED');
  }

  #expire(call: ModelCall): void {
    const { timeout } = this.#settings;
    if (timeout === undefined || this.remainingMs(call) > 0) return;
    call.expired = call.deadlineAtMs < call.limitAtMs ? 'DEADLINE_EXCEEDED' : 'TIMEOUT';
    if (timeout.mode === 'abandon') call.outcome = call.expired;
  }

  #end(call: ModelCall, outcome: string): void {
    call.place = 'outside';
    call.outcome ??= outcome;
  }
}
