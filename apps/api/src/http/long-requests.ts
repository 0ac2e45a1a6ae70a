import { type LongClass, type PressureReason, PressureRefusedError } from './pressure';

/** Why a long request is ended from this side. */
type EndReason = 'shutting-down' | 'lifetime' | 'client-gone';

/** A long request that runs. */
export interface LongRequest {
  /** Aborts when it has to come to its end. The reason is an EndReason. */
  readonly signal: AbortSignal;
  end(reason: EndReason): void;
  /** Gives its place back. */
  leave(): void;
}

interface LongClassOptions {
  readonly most: number;
  /** Of a refusal: whether as many run as may, or the service bears no more. */
  readonly reason: PressureReason;
  /** After how long a place may be free again, in ms. */
  readonly retryAfterMs: number;
}

/** Counts the long requests of a class, refuses those that are too many, and ends them when the service goes down. */
export class LongRequests {
  readonly #running = new Set<AbortController>();
  readonly #class: LongClass;
  readonly #options: LongClassOptions;
  #isDraining = false;

  constructor(longClass: LongClass, options: LongClassOptions) {
    this.#class = longClass;
    this.#options = options;
  }

  get count(): number {
    return this.#running.size;
  }

  /** @throws PressureRefusedError if as many run as may. */
  enter(): LongRequest {
    const { most, reason, retryAfterMs } = this.#options;
    if (this.#running.size >= most) throw new PressureRefusedError(reason, this.#class, retryAfterMs);
    const controller = new AbortController();
    this.#running.add(controller);
    const end = (endReason: EndReason): void => controller.abort(endReason);
    if (this.#isDraining) end('shutting-down');
    return { signal: controller.signal, end, leave: () => void this.#running.delete(controller) };
  }

  /** Every one of them comes to its end soon, and those that still come in at once. */
  drain(): void {
    this.#isDraining = true;
    for (const controller of this.#running) controller.abort('shutting-down' satisfies EndReason);
  }
}
