import type { CacheFill } from '../statements/cache-fill';
import type { FieldDescription } from '../statements/pg-internals';
import { LeastRecentlyUsed } from './least-recently-used';

/** Keeps what is compiled for answers: once for the same columns, on whichever connection they come. */
export class PerAnswer<Compiled> {
  readonly #compile: (columns: readonly FieldDescription[]) => Compiled;
  /** Each description is one object for as long as its statement is prepared. */
  readonly #ofDescription = new WeakMap<readonly FieldDescription[], Compiled>();
  /** By names, order and types, which are the same on all connections until the table is changed. */
  readonly #ofColumns: LeastRecentlyUsed<Compiled>;

  /** @param max Answers of different columns that are kept, at least 1. */
  constructor(max: number, compile: (columns: readonly FieldDescription[]) => Compiled) {
    this.#ofColumns = new LeastRecentlyUsed(max);
    this.#compile = compile;
  }

  get fill(): CacheFill {
    return this.#ofColumns.fill;
  }

  /** What is compiled for these columns. @throws what the compilation throws; then nothing is kept. */
  get(columns: readonly FieldDescription[]): Compiled {
    const known = this.#ofDescription.get(columns);
    if (known !== undefined) return known;
    const key = columns.map(({ name, dataTypeID }) => `${dataTypeID} ${name}`).join('\0');
    const compiled = this.#ofColumns.get(key, () => this.#compile(columns));
    this.#ofDescription.set(columns, compiled);
    return compiled;
  }
}
