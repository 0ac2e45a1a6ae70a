import { hash } from 'node:crypto';

/**
 * Names of the keys that the database knew when it was last asked, those that were presented last. A key is not kept, nor what it is
 * stored under; whoever asks still has each looked up.
 */
export class KnownKeys {
  readonly #most: number;
  /** The one that was presented longest ago comes first. */
  readonly #names = new Set<string>();

  /** @param most Keys that are remembered at a time. */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#names.size;
  }

  /** The name of a key that is known, and of no other. */
  nameOf(key: string): string | undefined {
    const name = fingerprintOf(key);
    if (!this.#names.has(name)) return undefined;
    this.#add(name);
    return name;
  }

  /** Notes what the database has said of a key. */
  note(key: string, isGood: boolean): void {
    const name = fingerprintOf(key);
    if (isGood) this.#add(name);
    else this.#names.delete(name);
  }

  #add(name: string): void {
    this.#names.delete(name);
    this.#names.add(name);
    const [oldest] = this.#names;
    if (this.#names.size > this.#most && oldest !== undefined) this.#names.delete(oldest);
  }
}

/** Under what something is remembered of a key: the key does not follow from it. */
export function fingerprintOf(key: string): string {
  return hash('sha256', key, 'base64');
}
