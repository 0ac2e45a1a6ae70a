/** A part of what the console shows, or why it could not be read. */
export type Part<T> =
  | { readonly state: 'known'; readonly readAt: string; readonly value: T }
  | { readonly state: 'unknown'; readonly readAt: string; readonly reason: string };

/** How old a part may be before it is read again, in ms: one that answered, and one that failed. */
export interface PartAges {
  readonly freshMs: number;
  readonly retryMs: number;
}

/**
 * Makes a reader that answers with what it read last while that is young, reads once however many ask at the same time,
 * and never rejects: what cannot be read is a part without a value that says why.
 */
export function createPartReader<T>(
  read: () => Promise<T>,
  { freshMs, retryMs }: PartAges,
  now: () => number = Date.now,
): () => Promise<Part<T>> {
  let last: { readonly part: Part<T>; readonly atMs: number } | undefined;
  let running: Promise<Part<T>> | undefined;

  async function readAnew(): Promise<Part<T>> {
    const readAt = () => new Date(now()).toISOString();
    const part: Part<T> = await read().then(
      (value) => ({ state: 'known', readAt: readAt(), value }),
      (error: unknown) => ({ state: 'unknown', readAt: readAt(), reason: reasonOf(error) }),
    );
    last = { part, atMs: now() };
    return part;
  }

  return async () => {
    const ageMs = last === undefined ? Number.POSITIVE_INFINITY : now() - last.atMs;
    if (last !== undefined && ageMs < (last.part.state === 'known' ? freshMs : retryMs)) return last.part;
    running ??= readAnew().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** What went wrong, in one line, without addresses of code. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^Error: /, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, MAX_REASON_LENGTH);
}

const MAX_REASON_LENGTH = 300;
