/**
 * Ends whatever is being waited for. Holds the one wait of the moment: a promise raced against a long-lived one would be
 * remembered by it for every row.
 */
export class Interruption {
  #interrupted: { readonly error: unknown } | undefined;
  #reject: ((error: unknown) => void) | undefined;

  /** The present wait and every later one is rejected with this error; the first error counts. */
  interrupt(error: unknown): void {
    this.#interrupted ??= { error };
    this.#reject?.(this.#interrupted.error);
  }

  throwIfInterrupted(): void {
    if (this.#interrupted) throw this.#interrupted.error;
  }

  /** Settles as the work does, or rejects when interrupted before. */
  guard<T>(work: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#interrupted) reject(this.#interrupted.error);
      work.then(resolve, reject);
    });
  }
}
