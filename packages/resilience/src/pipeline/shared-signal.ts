/** Told once of an abort. */
export interface AbortListener {
  onAbort(reason: unknown): void;
}

/** The one listener on a signal, which passes its abort on. An object with `handleEvent` costs less than a function. */
class SharedSignal {
  /** Most signals end one call. */
  #first: AbortListener | undefined;
  #others: Set<AbortListener> | undefined;

  add(signal: AbortSignal, listener: AbortListener): void {
    if (this.#isEmpty) signal.addEventListener('abort', this, { once: true });
    if (this.#first === undefined) {
      this.#first = listener;
    } else {
      this.#others ??= new Set();
      this.#others.add(listener);
    }
  }

  delete(signal: AbortSignal, listener: AbortListener): void {
    if (this.#first === listener) this.#first = undefined;
    else this.#others?.delete(listener);
    if (this.#isEmpty) signal.removeEventListener('abort', this);
  }

  handleEvent({ target }: Event): void {
    const { reason } = target as AbortSignal;
    this.#first?.onAbort(reason);
    for (const listener of this.#others ?? []) listener.onAbort(reason);
  }

  get #isEmpty(): boolean {
    return this.#first === undefined && (this.#others === undefined || this.#others.size === 0);
  }
}

const shared = new WeakMap<AbortSignal, SharedSignal>();

/**
 * Tells the listener of an abort to come, by the one listener that all calls with this signal share. A signal that ends
 * a whole process is given to every call in it, while an event target warns of the eleventh listener, and looks through
 * all of them whenever one comes or goes.
 */
export function listenToSignal(signal: AbortSignal, listener: AbortListener): void {
  let target = shared.get(signal);
  if (target === undefined) {
    target = new SharedSignal();
    shared.set(signal, target);
  }
  target.add(signal, listener);
}

export function unlistenToSignal(signal: AbortSignal, listener: AbortListener): void {
  shared.get(signal)?.delete(signal, listener);
}
