import type { Interruption } from './interruption';

/** The caller's rows, pulled one by one. */
export class RowSource<Row> {
  readonly #iterator: Iterator<Row> | AsyncIterator<Row>;
  readonly #interruption: Interruption;
  #isPulling = false;

  constructor(rows: Iterable<Row> | AsyncIterable<Row>, interruption: Interruption) {
    this.#iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
    this.#interruption = interruption;
  }

  /** The next row. A synchronous source answers at once: a promise for each of a million rows would cost more than COPY. */
  pull(): IteratorResult<Row> | Promise<IteratorResult<Row>> {
    const next = this.#iterator.next();
    return 'then' in next ? this.#wait(next) : next;
  }

  /** The source has been told that no more rows are wanted. */
  async close(): Promise<void> {
    try {
      const closing = this.#iterator.return?.();
      // A generator that is still at work on a row answers after that, which may be never.
      if (!this.#isPulling) await closing;
      else if (closing && 'then' in closing) closing.then(undefined, () => {});
    } catch {
      // What ended the COPY is the error that counts.
    }
  }

  async #wait(next: Promise<IteratorResult<Row>>): Promise<IteratorResult<Row>> {
    this.#isPulling = true;
    const result = await this.#interruption.guard(
      next.finally(() => {
        this.#isPulling = false;
      }),
    );
    return result;
  }
}
