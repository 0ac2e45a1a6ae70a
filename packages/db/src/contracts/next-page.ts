import type { Page, PageRequest } from '../repositories/keyset';

/** What the contracts of pages ask for: less than a page of the application, so that a plan that reads more stands out. */
export const PAGE = Object.freeze({ limit: 20 });

/** Asks for the first page and for the one after it. @throws Error where one page holds all: nothing would be shown. */
export async function readTwoPages<Row>(ask: (request: PageRequest) => Promise<Page<Row>>): Promise<void> {
  const { nextCursor } = await ask(PAGE);
  if (nextCursor === null) throw new Error('the sample has no second page');
  await ask({ ...PAGE, cursor: nextCursor });
}

/** With larger ones, one row more being read, sorting all that is left would be as good. */
const LARGE_PAGE = Object.freeze({ limit: 99 });

/** Asks for page after page, to the end: the last ones are where an index in another order has most to skip. */
export async function readToEnd<Row>(ask: (request: PageRequest) => Promise<Page<Row>>): Promise<void> {
  let page = await ask(LARGE_PAGE);
  while (page.nextCursor !== null) page = await ask({ ...LARGE_PAGE, cursor: page.nextCursor });
}
