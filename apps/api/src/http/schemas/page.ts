import { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT } from '@holdfast/db';
import { z } from 'zod';

/** How many entries an answer may hold. */
export const limit = z.coerce
  .number({ error: `Invalid input: expected a whole number from 1 to ${MAX_PAGE_LIMIT}` })
  .int()
  .min(1)
  .max(MAX_PAGE_LIMIT)
  .meta({ description: `Entries wanted, 1 to ${MAX_PAGE_LIMIT}.`, examples: [DEFAULT_PAGE_LIMIT] });

/** Where to read on. */
export const cursor = z
  .string()
  .min(1)
  .max(1_000)
  .meta({ description: '`nextCursor` of the page before; left out for the first page.' });

/** A list in an answer: one page of it, and how to get the next. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item).readonly(),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Give it back as `cursor` to read on; null on the last page.' }),
  });
}
