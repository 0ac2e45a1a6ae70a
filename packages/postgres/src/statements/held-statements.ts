import type { CacheFill } from './cache-fill';

/**
 * What one connection holds under a name on the server, by text, and the names that must be closed there. Bounded: the
 * least recently used makes room.
 */
export class HeldStatements {
  /** The least recently used first. */
  readonly #names = new Map<string, string>();
  readonly #max: number;
  #obsolete = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  get fill(): CacheFill {
    return { kept: this.#names.size, max: this.#max };
  }

  nameOf(text: string): string | undefined {
    return this.#names.get(text);
  }

  /**
   * The text is about to be executed and is the most recently used.
   * @returns undefined when it is held; else it counts as held from now on, and the names are those to be closed in
   * front of preparing it: of what had to make room, of what was forgotten, and its own. Closing a name that is not
   * there is no error, and whatever else has taken this name is gone then.
   */
  admit(text: string, name: string): ReadonlySet<string> | undefined {
    if (this.#names.delete(text)) {
      this.#names.set(text, name);
      return undefined;
    }
    const obsolete = this.#obsolete.add(name);
    this.#obsolete = new Set();
    if (this.#names.size >= this.#max) {
      for (const [oldest, oldestName] of this.#names) {
        this.#names.delete(oldest);
        obsolete.add(oldestName);
        break;
      }
    }
    this.#names.set(text, name);
    return obsolete;
  }

  /** The text is not held any more, or in a state that is of no use. */
  forget(text: string): void {
    const name = this.#names.get(text);
    if (name === undefined) return;
    this.#names.delete(text);
    this.#obsolete.add(name);
  }

  /** The names have not been closed, after all. Those that are held under one again are closed in front of the next. */
  owe(names: Iterable<string>): void {
    for (const name of names) this.#obsolete.add(name);
  }

  forgetAll(): void {
    for (const name of this.#names.values()) this.#obsolete.add(name);
    this.#names.clear();
  }
}
