import { APPEND_LIMITS, type ImportedEvent } from '@holdfast/db';

/** Lines and bytes that one transaction writes. */
const MOST_EVENTS = 1_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** Gathers events for one transaction: few enough for its locks, and no key twice. */
export class ImportBatch {
  readonly events: ImportedEvent[] = [];
  readonly #boundaries = new Set<string>();
  readonly #keys = new Set<string>();
  #characters = 0;

  /** False where it has no room for the event: write it, and begin another. An empty one takes any event. */
  add(event: ImportedEvent, characters: number): boolean {
    const { eventType, tags = [], aggregateId, idempotencyKey } = event;
    const key = JSON.stringify([aggregateId.toLowerCase(), idempotencyKey]);
    const boundaries = [`type:${eventType}`, ...tags.map((tag) => `tag:${tag}`)];
    const added = boundaries.filter((boundary) => !this.#boundaries.has(boundary)).length;
    const isFull =
      this.events.length >= MOST_EVENTS ||
      this.#characters + characters > MOST_CHARACTERS ||
      this.#boundaries.size + added > APPEND_LIMITS.boundaries ||
      this.#keys.has(key);
    if (isFull && this.events.length > 0) return false;
    this.events.push(event);
    for (const boundary of boundaries) this.#boundaries.add(boundary);
    this.#keys.add(key);
    this.#characters += characters;
    return true;
  }
}
