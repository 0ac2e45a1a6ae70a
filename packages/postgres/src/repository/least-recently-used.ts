import type { CacheFill } from '../statements/cache-fill';

/** Keeps a number of values by key: the one that was not used for longest makes room. */
export class LeastRecentlyUsed<Value> {
  readonly #values = new Map<string, Value>();
  readonly #max: number;
  /** It need not become the last, as it is that. */
  #newest: { readonly key: string; readonly value: Value } | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get fill(): CacheFill {
    return { kept: this.#values.size, max: this.#max };
  }

  /** The value of the key, made now if there is none. */
  get(key: string, make: () => Value): Value {
    if (this.#newest?.key === key) return this.#newest.value;
    const known = this.#values.get(key);
    const value = known ?? make();
    if (known !== undefined) this.#values.delete(key);
    else if (this.#values.size >= this.#max) this.#dropOldest();
    this.#values.set(key, value);
    this.#newest = { key, value };
    return value;
  }

  #dropOldest(): void {
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }
}
