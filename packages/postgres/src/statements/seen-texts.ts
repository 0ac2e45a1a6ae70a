import { createHash } from 'node:crypto';
import type { CacheFill } from './cache-fill';

/** About 1 MB of names. */
const LIMIT = 10_000;

/**
 * Tells a text that is used again from one that is used once, for all connections of a pool together.
 *
 * Naming a statement takes as many messages and round trips as not naming it, so that whoever uses a text once gains
 * nothing by a name; but it takes a place, and 256 such texts would push out all others, each of which would have to be
 * prepared again on each connection. A name from the second use on costs one more Parse per text and pool, once.
 *
 * Only names are kept, and the oldest are forgotten: their texts count as new again, and lose one Parse.
 */
export class SeenTexts {
  readonly #names = new Set<string>();

  get fill(): CacheFill {
    return { kept: this.#names.size, max: LIMIT };
  }

  /** Counts a use of the text, and returns the name to prepare it under; undefined when it was not seen before. */
  noteUse(text: string): string | undefined {
    const name = deriveName(text);
    if (this.#names.has(name)) return name;
    if (this.#names.size === LIMIT) {
      for (const oldest of this.#names) {
        this.#names.delete(oldest);
        break;
      }
    }
    this.#names.add(name);
    return undefined;
  }
}

/**
 * A name that belongs to this text alone: 128 bits of its SHA-256. Whoever else prepares under the same name on the same
 * server connection, as may happen behind a pooler, has prepared the same text. A plain word, so that it needs no quotes in SQL.
 */
export function deriveName(text: string): string {
  return `hf_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}
