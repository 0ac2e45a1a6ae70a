import { DeadlineExceededError } from '@holdfast/resilience';
import type { WorkEnd } from '../pool/interrupt';
import type { RowReader } from '../statements/row-reader';
import type { SharedPart } from '../statements/shared-part';

/** A look-up that somebody waits for. */
export interface LookUp extends SharedPart {
  /** On the clock of `performance`, in ms. */
  readonly endsAtMs: number;
  readonly requestId: string | undefined;
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Look-ups that go out together. Each waits until its own deadline; the work for all of them ends when nobody waits any more.
 */
export class LookUpBatch implements WorkEnd {
  readonly text: string;
  readonly reader: RowReader;
  isSent = false;
  readonly #waiting = new Set<LookUp>();
  #timer: NodeJS.Timeout | undefined;
  #onEnd: (() => void) | undefined;
  #isAbandoned = false;

  constructor(text: string, reader: RowReader) {
    this.text = text;
    this.reader = reader;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Those who wait, in the order in which they came. */
  get waiting(): readonly LookUp[] {
    return [...this.#waiting];
  }

  /** The longest that one of them has left, in ms. */
  get longestMs(): number {
    return Math.max(...this.waiting.map(({ endsAtMs }) => endsAtMs)) - performance.now();
  }

  /** Why nobody waits any more. */
  get reason(): unknown {
    return new DeadlineExceededError();
  }

  get hasCome(): boolean {
    return this.#isAbandoned;
  }

  add(lookUp: LookUp): void {
    this.#waiting.add(lookUp);
  }

  succeed(lookUp: LookUp, rows: readonly unknown[]): void {
    if (this.#waiting.delete(lookUp)) lookUp.resolve(rows);
  }

  fail(lookUp: LookUp, error: unknown): void {
    if (this.#waiting.delete(lookUp)) lookUp.reject(error);
  }

  failAll(error: unknown): void {
    for (const lookUp of this.waiting) this.fail(lookUp, error);
  }

  listen(onEnd: () => void): void {
    this.#onEnd = onEnd;
  }

  /** Deadlines count from now on. */
  arm(): void {
    const nextMs = Math.min(...this.waiting.map(({ endsAtMs }) => endsAtMs));
    if (!Number.isFinite(nextMs)) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(nextMs - performance.now())));
  }

  dismiss(): void {
    clearTimeout(this.#timer);
    this.#onEnd = undefined;
  }

  #expire(): void {
    const nowMs = performance.now();
    for (const lookUp of this.waiting) {
      if (lookUp.endsAtMs <= nowMs) this.fail(lookUp, new DeadlineExceededError());
    }
    if (this.size > 0) {
      this.arm();
      return;
    }
    this.#isAbandoned = true;
    this.#onEnd?.();
  }
}
