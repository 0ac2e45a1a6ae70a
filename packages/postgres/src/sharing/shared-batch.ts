import { DeadlineExceededError } from '@holdfast/resilience';
import type { WorkEnd } from '../pool/interrupt';
import type { RowReader } from '../statements/row-reader';
import type { SharedPart } from '../statements/shared-part';

/** What became of a statement. */
export interface SharedAnswer {
  readonly rows: readonly unknown[];
  /** How many rows it wrote, or answered. */
  readonly rowCount: number;
}

/** A statement that somebody waits for. */
export interface SharedCall extends SharedPart {
  /** On the clock of `performance`, in ms. */
  readonly endsAtMs: number;
  readonly requestId: string | undefined;
  readonly resolve: (answer: SharedAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls that go out together. Each waits until its own deadline; the work for all of them ends when nobody waits any more.
 */
export class SharedBatch implements WorkEnd {
  readonly text: string;
  readonly reader: RowReader;
  isSent = false;
  /** Few, and answered in their order: a set would cost more. */
  readonly #waiting: SharedCall[] = [];
  /** When those came who came after it was sent, on the clock of `performance`. */
  #joinedAtMs: Map<SharedCall, number> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onEnd: (() => void) | undefined;
  #isAbandoned = false;
  /** Of all that were ever here, on the clock of `performance`. */
  #firstEndMs = Number.POSITIVE_INFINITY;
  #lastEndMs = 0;

  constructor(text: string, reader: RowReader) {
    this.text = text;
    this.reader = reader;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Those who wait, in the order in which they came. */
  get waiting(): readonly SharedCall[] {
    return [...this.#waiting];
  }

  /** The longest that one of them has left, in ms. */
  get longestMs(): number {
    return this.#lastEndMs - performance.now();
  }

  /** Whether one that was ever here has a deadline. */
  get hasDeadlines(): boolean {
    return this.#firstEndMs !== Number.POSITIVE_INFINITY;
  }

  /** Why nobody waits any more. */
  get reason(): unknown {
    return new DeadlineExceededError();
  }

  get hasCome(): boolean {
    return this.#isAbandoned;
  }

  add(call: SharedCall): void {
    this.#waiting.push(call);
    if (this.isSent) this.#noteLate(call, performance.now());
    this.#firstEndMs = Math.min(this.#firstEndMs, call.endsAtMs);
    this.#lastEndMs = Math.max(this.#lastEndMs, call.endsAtMs);
  }

  /** One of them is here no longer: it is alone in another batch. */
  split(call: SharedCall): SharedBatch {
    const batch = new SharedBatch(this.text, this.reader);
    if (this.#remove(call)) batch.add(call);
    return batch;
  }

  /**
   * Those who came after it was sent are here no longer, but in another batch; undefined where there are none. The first of them waits since
   * `sinceMs`, on the clock of `performance`.
   */
  splitLate(): { readonly batch: SharedBatch; readonly sinceMs: number } | undefined {
    const [first, ...others] = [...(this.#joinedAtMs ?? [])].filter(([call]) => this.#remove(call));
    if (first === undefined) return undefined;
    const batch = new SharedBatch(this.text, this.reader);
    const [call, sinceMs] = first;
    batch.add(call);
    batch.isSent = true;
    for (const [other, atMs] of others) {
      batch.add(other);
      batch.#noteLate(other, atMs);
    }
    return { batch, sinceMs };
  }

  #noteLate(call: SharedCall, atMs: number): void {
    this.#joinedAtMs ??= new Map();
    this.#joinedAtMs.set(call, atMs);
  }

  succeed(call: SharedCall, answer: SharedAnswer): void {
    if (this.#remove(call)) call.resolve(answer);
  }

  fail(call: SharedCall, error: unknown): void {
    if (this.#remove(call)) call.reject(error);
  }

  /** Whether it was here. */
  #remove(call: SharedCall): boolean {
    const at = this.#waiting.indexOf(call);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  failAll(error: unknown): void {
    for (const call of this.waiting) this.fail(call, error);
  }

  listen(onEnd: () => void): void {
    this.#onEnd = onEnd;
  }

  /** Deadlines count from now on. */
  arm(): void {
    if (!this.hasDeadlines) return;
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
    for (const call of this.waiting) {
      if (call.endsAtMs <= nowMs) this.fail(call, new DeadlineExceededError());
    }
    if (this.size > 0) {
      this.arm();
      return;
    }
    this.#isAbandoned = true;
    this.#onEnd?.();
  }
}
