import type { Logger } from '@holdfast/observability';

/** What many requests were refused alike for. */
interface RefusedKind {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

/** Too many requests, and unavailable: where there is one, there are thousands. */
const FLOODS: ReadonlySet<number> = new Set([429, 503]);
const PERIOD_MS = 1_000;

/**
 * Keeps floods of refusals out of the log, whose lines would take as long as refusing. Of requests that are refused alike the first in a second has a line of its
 * own, and when the second is over, one line says how many more there were.
 */
export class RefusedLines {
  readonly #logger: Logger;
  readonly #more = new Map<string, RefusedKind & { count: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Whether the answer needs no line of its own. */
  takes({ method, route, status }: RefusedKind): boolean {
    if (!FLOODS.has(status)) return false;
    const name = `${status} ${method} ${route}`;
    const kind = this.#more.get(name);
    if (kind !== undefined) {
      kind.count += 1;
      return true;
    }
    this.#more.set(name, { method, route, status, count: 0 });
    this.#timer ??= setTimeout(() => this.tell(), PERIOD_MS).unref();
    return false;
  }

  /** Tells what has not been told yet, and begins anew. */
  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { count, ...kind } of this.#more.values()) {
      if (count > 0) this.#logger.info('More requests answered alike', { ...kind, count });
    }
    this.#more.clear();
  }
}
