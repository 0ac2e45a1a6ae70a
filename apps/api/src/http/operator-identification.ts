import { performance } from 'node:perf_hooks';
import { bulkhead } from '@holdfast/resilience';
import type { Identity } from '../identity';
import { RememberedOperators } from './remembered-operators';

/** Whose key it is by what the database says, null for none; it rejects where that is not known in time. */
type AskForKey = (key: string) => Promise<Identity | null>;

/** How long nobody asks again after no answer came, in ms. */
const PAUSE_MS = 5_000;
/** As long as an outage that somebody watches. */
const REMEMBERED_MS = 3_600_000;
/** One at a time, so that they take no connection from operators who are known. */
const STRANGERS = Object.freeze({
  name: 'keys that are not known',
  maxConcurrent: 1,
  maxQueue: 20,
  maxQueueWaitMs: 1_000,
});

/**
 * Tells operators by their keys. Where the database gives no answer, a key is what it was when it last gave one. Where it answers
 * others meanwhile, there is a crowd and no outage: then nobody is believed, or whoever holds a key that was revoked would only have to
 * send many requests to make it good again.
 *
 * @param now Monotonic, in ms.
 */
export function createOperatorIdentification(
  ask: AskForKey,
  now: () => number = () => performance.now(),
): AskForKey {
  const remembered = new RememberedOperators(REMEMBERED_MS);
  const strangers = bulkhead(STRANGERS);
  let answeredAtMs = Number.NEGATIVE_INFINITY;
  let failedAtMs = Number.NEGATIVE_INFINITY;

  const askNow = async (key: string): Promise<Identity | null> => {
    const identity = await ask(key);
    answeredAtMs = now();
    remembered.note(key, identity, answeredAtMs);
    return identity;
  };

  return async (key) => {
    const startedMs = now();
    const known = remembered.recall(key, startedMs);
    if (known === undefined) return strangers.execute(() => askNow(key));
    if (startedMs - failedAtMs < PAUSE_MS) return known;
    try {
      return await askNow(key);
    } catch (error) {
      if (answeredAtMs >= startedMs) throw error;
      failedAtMs = now();
      const believed = remembered.recall(key, failedAtMs);
      if (believed === undefined) throw error;
      return believed;
    }
  };
}
