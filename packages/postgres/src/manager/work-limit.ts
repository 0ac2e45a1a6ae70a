import { DeadlineExceededError } from '@holdfast/resilience';
import type { WorkEnd } from '../pool/interrupt';
import { listenForAbort } from '../pool/listen-for-abort';

/**
 * Ends work when its signal is aborted or its time is over, whichever comes first. One timer and, where there is a signal, one
 * listener: a signal of its own, joined from both, would cost more than the rest of a short statement does.
 */
export class WorkLimit implements WorkEnd {
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #onAbort: (() => void) | undefined;
  #hasCome = false;
  #reason: unknown;
  #onEnd: (() => void) | undefined;

  /** @param leftMs Time that is left, from now. */
  constructor(signal: AbortSignal | undefined, leftMs: number | undefined) {
    if (leftMs !== undefined) {
      this.#timer = setTimeout(() => this.#come(new DeadlineExceededError()), Math.max(1, leftMs));
    }
    if (signal === undefined) return;
    this.#signal = signal;
    this.#onAbort = () => this.#come(signal.reason);
    if (signal.aborted) this.#onAbort();
    else listenForAbort(signal, this.#onAbort);
  }

  get hasCome(): boolean {
    return this.#hasCome;
  }

  get reason(): unknown {
    return this.#reason;
  }

  listen(onEnd: () => void): void {
    this.#onEnd = onEnd;
  }

  dismiss(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onEnd = undefined;
  }

  #come(reason: unknown): void {
    if (this.#hasCome) return;
    this.#hasCome = true;
    this.#reason = reason;
    this.#onEnd?.();
  }
}
