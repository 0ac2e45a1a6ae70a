import type { CacheFill } from '../statements/cache-fill';

/** Keeps a number of values by key: the one that was not used for longest makes room. */
export class LeastRecentlyUsed<Value> {
  readonly #values = new Map<string, Value>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get fill(): CacheFill {
    return { kept: this.#values.size, max: this.#max };
  }

  /** The value of the key, made now if there is none. */
  get(key: string, make: () => Value): Value {
    const known = this.#values.get(key);
    const value = known ?? make();
    if (known !== undefined) this.#values.delete(key);
    else if (this.#values.size >= this.#max) this.#dropOldest();
    this.#values.set(key, value);
    return value;
  }

  #dropOldest(): void {
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }
}
