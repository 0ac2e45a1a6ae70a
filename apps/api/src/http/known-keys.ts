import { hash } from 'node:crypto';
import type { Identity } from '../identity';

/** What the database said when it was asked for a key. */
interface KnownKey {
  readonly identity: Identity;
  readonly askedAtMs: number;
  /** What was said when it was asked before is in doubt. */
  readonly doubtedAtMs: number;
}

/** Keys that the database knew when it was last asked, by name, those that were presented last. The keys themselves are not kept. */
export class KnownKeys {
  readonly #most: number;
  readonly #forMs: number;
  /** The one that was presented longest ago comes first. */
  readonly #known = new Map<string, KnownKey>();

  /**
   * @param most Keys that are remembered at a time.
   * @param forMs How long what was said of a key is recalled.
   */
  constructor(most: number, forMs: number) {
    this.#most = most;
    this.#forMs = forMs;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Whether the database knew the key, however long ago. */
  has(name: string): boolean {
    const known = this.#known.get(name);
    if (known !== undefined) this.#add(name, known);
    return known !== undefined;
  }

  /** Whose key it was, if the database was asked lately. Whether it still is, nobody has asked. */
  recall(name: string, nowMs: number): Identity | undefined {
    const known = this.#known.get(name);
    if (known === undefined || known.askedAtMs < known.doubtedAtMs) return undefined;
    return nowMs - known.askedAtMs < this.#forMs ? known.identity : undefined;
  }

  /** Notes what the database has said: whose key it is, or that it cannot be used. @param askedAtMs When it was asked. */
  note(name: string, identity: Identity | null, askedAtMs: number): void {
    const { doubtedAtMs = Number.NEGATIVE_INFINITY } = this.#known.get(name) ?? {};
    if (identity === null) this.#known.delete(name);
    else this.#add(name, { identity, askedAtMs, doubtedAtMs });
  }

  /** What was said of a key by now may hold no longer: it is not recalled any more. */
  doubt(name: string, nowMs: number): void {
    const known = this.#known.get(name);
    if (known !== undefined) this.#known.set(name, { ...known, doubtedAtMs: nowMs });
  }

  #add(name: string, known: KnownKey): void {
    this.#known.delete(name);
    this.#known.set(name, known);
    if (this.#known.size <= this.#most) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Under what something is remembered of a key: the key does not follow from it. */
export function fingerprintOf(key: string): string {
  return hash('sha256', key, 'base64');
}
