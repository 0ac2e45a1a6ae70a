import type { Identity } from '../identity';
import { fingerprintOf } from './known-keys';

const MOST = 100;

/**
 * Operators whose keys were good a while ago. In an outage nobody can be asked whether a key still is, and that is when the
 * console is looked at.
 */
export class RememberedOperators {
  readonly #known = new Map<string, { readonly identity: Identity; readonly atMs: number }>();
  readonly #forMs: number;

  /** @param forMs after which a key that could not be asked for is good no longer. */
  constructor(forMs: number) {
    this.#forMs = forMs;
  }

  /** Notes what the database has said of a key: whose it is, or that it is good no longer. */
  note(key: string, identity: Identity | null, nowMs: number): void {
    const name = fingerprintOf(key);
    // The latest is the last.
    this.#known.delete(name);
    // Nobody else reaches what operates the service; with a hundred keys of an organization one could push all operators out.
    if (identity === null || !isOperator(identity)) return;
    this.#known.set(name, { identity, atMs: nowMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Whose key it was when the database was last asked; undefined where that is too long ago. */
  recall(key: string, nowMs: number): Identity | undefined {
    const known = this.#known.get(fingerprintOf(key));
    return known !== undefined && nowMs - known.atMs <= this.#forMs ? known.identity : undefined;
  }
}

function isOperator({ organizationId, scopes }: Identity): boolean {
  return organizationId === null && scopes.includes('operate');
}
