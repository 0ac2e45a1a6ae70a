import { createDeadline } from '@holdfast/resilience';
import type { Database } from '../database';
import type { Identity } from '../identity';
import { identifyApiKeys } from '../use-cases/identify-api-key';

/** Keys that are looked for together. */
interface Round {
  readonly keys: Set<string>;
  /** Of those who want to know. */
  readonly requestIds: string[];
  readonly answer: Promise<ReadonlyMap<string, Identity>>;
}

/**
 * Looks for the keys of requests. Requests that come in one turn of the event loop share a statement, and those with the same key a
 * look-up: each is looked for after its request has come, so that nothing is taken for good that was revoked before.
 */
export class KeyLookUps {
  readonly #database: Database;
  readonly #pepper: string;
  /** Those of this turn, by how long their requests may take: none waits for the time of another. */
  readonly #rounds = new Map<number, Round>();

  constructor(database: Database, pepper: string) {
    this.#database = database;
    this.#pepper = pepper;
  }

  /** Whose key it is; null if it cannot be used. @param limitMs How long its request may take. */
  find(key: string, limitMs: number, requestId: string): Promise<Identity | null> {
    const round = this.#rounds.get(limitMs) ?? this.#open(limitMs);
    round.keys.add(key);
    round.requestIds.push(requestId);
    return round.answer.then((identities) => identities.get(key) ?? null);
  }

  #open(limitMs: number): Round {
    const keys = new Set<string>();
    const requestIds: string[] = [];
    const deadline = createDeadline(limitMs);
    const answer = new Promise<ReadonlyMap<string, Identity>>((resolve) => {
      setImmediate(() => {
        this.#rounds.delete(limitMs);
        const terms = { pepper: this.#pepper, now: new Date() };
        const [only, another] = requestIds;
        // What is shared is logged as nobody's: the request that came first has no more part in it than the others.
        const database =
          only === undefined || another !== undefined ? this.#database : this.#database.for(only);
        resolve(identifyApiKeys(database.within(deadline), terms, [...keys]));
      });
    });
    const round = { keys, requestIds, answer };
    this.#rounds.set(limitMs, round);
    return round;
  }
}
