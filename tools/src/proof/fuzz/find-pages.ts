import { createRandom } from '../random';
import type { Connection } from './connection';
import { drawValid, type RequestSource } from './draw-request';
import type { KnownPage } from './known-things';
import { pathOf, renderRequest } from './request-draft';

/** Requests that are sent for each list, of which not all find two entries. */
const ATTEMPTS = 60;
const PAGES_PER_LIST = 4;

/** Asks every list for single entries, and keeps where each goes on. */
export async function findPages(
  source: RequestSource,
  connection: Connection,
): Promise<readonly KnownPage[]> {
  const pages: KnownPage[] = [];
  const lists = source.operations.filter(({ parameters }) =>
    parameters.some(({ name }) => name === 'cursor'),
  );
  for (const operation of lists) {
    const random = createRandom(source.seed, `pages of ${operation.name}`);
    const found: KnownPage[] = [];
    for (let attempt = 0; attempt < ATTEMPTS && found.length < PAGES_PER_LIST; attempt += 1) {
      const draft = drawValid(source, random, operation, attempt);
      // A list that names its entries by its path would be another one under another id.
      if (operation.path.includes('{')) break;
      const query = [...new URLSearchParams(draft.target.split('?')[1] ?? '')].filter(
        ([name]) => name !== 'limit',
      );
      const target = `${pathOf(draft.target)}?${new URLSearchParams([...query, ['limit', '1']])}`;
      const bytes = renderRequest({ ...draft, target });
      const { answers } = await connection.send({
        ...{ number: attempt, label: 'valid', method: 'GET', target, bytes },
        isWhole: true,
      });
      const [answer] = answers;
      if (answer?.status !== 200) continue;
      const { nextCursor } = JSON.parse(answer.body.toString('utf8'));
      if (typeof nextCursor === 'string')
        found.push({ operation: operation.name, query, cursor: nextCursor });
    }
    pages.push(...found);
  }
  return pages;
}
