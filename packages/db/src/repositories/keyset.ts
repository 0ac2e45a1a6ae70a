import { z } from 'zod';
import { DEFAULT_PAGE_LIMIT, requireLimit } from './limit';
import { readOpaque, renderOpaque } from './opaque-text';

/** One page of a list, newest or first things first. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Give it back to read on; null on the last page. Opaque, and stable while rows come and go. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  /** Rows wanted, 1 to 500. Default 50. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before; left out for the first page. */
  readonly cursor?: string | undefined;
}

/** A cursor that was not made by this list. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
  readonly code = 'HOLDFAST_INVALID_CURSOR';

  constructor(readonly list: string) {
    super(
      `the cursor does not belong to the list "${list}"; use the nextCursor of one of its pages, unchanged`,
    );
  }
}

/** What a cursor holds: the sort key of the last row of the page before, in the order of the list's ORDER BY. */
type KeyOf<S extends readonly z.ZodType[]> = { [At in keyof S]: z.infer<S[At]> };

/**
 * A list that is read page by page by the sort key of the last row seen (keyset pagination): each page costs
 * the same however deep it lies, and rows inserted meanwhile neither repeat nor skip others.
 */
export class Keyset<Row, const S extends readonly z.ZodType[]> {
  readonly #list: string;
  readonly #schema: z.ZodType<[string, ...unknown[]]>;
  readonly #keyOf: (row: Row) => KeyOf<S>;

  constructor(list: string, schema: S, keyOf: (row: Row) => KeyOf<S>) {
    this.#list = list;
    this.#schema = z.tuple([z.literal(list), ...schema]) as never;
    this.#keyOf = keyOf;
  }

  /** Reads one page: `read` gets the key to start after and the number of rows to fetch, one more than asked. */
  async read(
    request: PageRequest,
    read: (after: KeyOf<S> | undefined, take: number) => Promise<Row[]>,
  ): Promise<Page<Row>> {
    const limit = requireLimit(request.limit ?? DEFAULT_PAGE_LIMIT);
    const rows = await read(this.#decode(request.cursor), limit + 1);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last !== undefined ? this.#encode(last) : null };
  }

  #encode(row: Row): string {
    return renderOpaque([this.#list, ...this.#keyOf(row)]);
  }

  #decode(cursor: string | undefined): KeyOf<S> | undefined {
    if (cursor === undefined) return undefined;
    try {
      const [, ...key] = readOpaque(cursor, this.#schema);
      return key as KeyOf<S>;
    } catch {
      throw new InvalidCursorError(this.#list);
    }
  }
}
