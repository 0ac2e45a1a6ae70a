/** Somebody who waits at a gate. The links belong to the gate. */
export interface Waiter {
  previousWaiter: Waiter | undefined;
  nextWaiter: Waiter | undefined;
  /** A slot is the waiter's now; it has left the queue. */
  onAdmitted(): void;
}

/** Slots, and a first-come-first-served queue in front of them. */
export class Gate {
  #limit: number;
  readonly #maxQueue: number;
  #active = 0;
  #queued = 0;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #isAdmitting = false;

  constructor(limit: number, maxQueue: number) {
    this.#limit = limit;
    this.#maxQueue = maxQueue;
  }

  get active(): number {
    return this.#active;
  }

  get queued(): number {
    return this.#queued;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Slots beyond a lowered limit are not taken back; they close as they come free. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#admit();
  }

  /** Takes a slot if there is one and nobody has waited longer. */
  tryEnter(): boolean {
    if (this.#active >= this.#limit || this.#first !== undefined) return false;
    this.#active += 1;
    return true;
  }

  /** Takes a place at the end of the queue, if it has one. */
  tryWait(waiter: Waiter): boolean {
    if (this.#queued >= this.#maxQueue) return false;
    this.#queued += 1;
    waiter.previousWaiter = this.#last;
    waiter.nextWaiter = undefined;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.nextWaiter = waiter;
    this.#last = waiter;
    return true;
  }

  /** Gives up a place in the queue; those behind move up. */
  leaveQueue(waiter: Waiter): void {
    const { previousWaiter, nextWaiter } = waiter;
    if (previousWaiter === undefined) this.#first = nextWaiter;
    else previousWaiter.nextWaiter = nextWaiter;
    if (nextWaiter === undefined) this.#last = previousWaiter;
    else nextWaiter.previousWaiter = previousWaiter;
    waiter.previousWaiter = undefined;
    waiter.nextWaiter = undefined;
    this.#queued -= 1;
  }

  /** Gives a slot back. */
  leave(): void {
    this.#active -= 1;
    this.#admit();
  }

  /** Work that ends at once gives its slot back in here; the loop goes on instead of nesting as deep as the queue is long. */
  #admit(): void {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    for (let next = this.#first; next !== undefined && this.#active < this.#limit; next = this.#first) {
      this.leaveQueue(next);
      this.#active += 1;
      next.onAdmitted();
    }
    this.#isAdmitting = false;
  }
}
