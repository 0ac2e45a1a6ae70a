import type { AggregateType } from './model';

/** The stream of one aggregate while events of it are still to come. */
export interface Stream {
  /** From 0, in the order in which streams open. */
  readonly number: number;
  readonly aggregateType: AggregateType;
  readonly aggregateId: string;
  /** `NONE` for a stream of the platform itself. */
  readonly organization: number;
  /** Kept, because making it for every event would take longer than anything else about it. */
  readonly organizationId: string | null;
  readonly tags: readonly string[];
  /** Mean number of the log's events from one of this stream to the next. */
  readonly meanGap: number;
  version: number;
  remaining: number;
  /** Place in the log from which the next event is due. */
  due: number;
}

/** The streams that wait for their next event, the one that is due first on top: a binary heap. */
export class OpenStreams {
  readonly #heap: Stream[] = [];

  add(stream: Stream): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = heap[parent] as Stream;
      if (!isBefore(stream, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = stream;
  }

  /** Takes the stream that has been due longest; undefined if none is due at this place of the log. */
  takeDue(position: number): Stream | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.due > position) return undefined;
    const last = this.#heap.pop() as Stream;
    if (last !== first) this.#sink(last);
    return first;
  }

  #sink(stream: Stream): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Stream)) child += 1;
      const below = heap[child] as Stream;
      if (!isBefore(below, stream)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = stream;
  }
}

/** Two that are due at the same place would otherwise be taken in the order of the heap, which nobody could explain. */
function isBefore(one: Stream, other: Stream): boolean {
  return one.due < other.due || (one.due === other.due && one.number < other.number);
}
