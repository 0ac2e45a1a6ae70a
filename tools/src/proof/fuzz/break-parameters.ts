import type { Random } from '../random';
import { drawWhole, pick } from './draw';
import type { KnownThings } from './known-things';
import { pathOf, type RequestDraft } from './request-draft';

type Change = (draft: RequestDraft, random: Random, known: KnownThings) => RequestDraft;

/** Parts of a path or values of a query, as they stand on the wire. */
const PARTS: readonly string[] = Object.freeze([
  '1',
  '-1',
  '%00',
  'a%00b',
  '%ED%A0%80',
  '%FF%FE',
  '%c0%af',
  '%zz',
  '%',
  '..',
  '%2e%2e%2fetc%2fpasswd',
  '..%5c',
  '%2F',
  '%252F',
  '%E2%80%AE',
  "'%20or%201=1--",
  '1;select%20pg_sleep(10)',
  '%27%20or%20%27%27=%27',
  'null',
  'undefined',
  '[object%20Object]',
  '__proto__',
  'constructor',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  '{00000000-0000-0000-0000-000000000000}',
  '9007199254740993',
  '1e9',
  '0x10',
  '%F0%9F%98%80',
  '\xe9\xff',
  'x'.repeat(1_300),
  'x'.repeat(9_000),
]);

/** Each makes a request that differs from a valid one by its path or its query. */
export const PARAMETER_CHANGES: Readonly<Record<string, Change>> = Object.freeze({
  'another path': (draft, random) => {
    const parts = pathOf(draft.target).split('/');
    parts[drawWhole(random, 1, parts.length - 1)] = pick(random, PARTS);
    return { ...draft, target: parts.join('/') + queryOf(draft) };
  },
  'a longer path': (draft, random) => ({
    ...draft,
    target: `${pathOf(draft.target)}${pick(random, ['/', '//', '/x', ';a=b', '/.', '/%2e'])}${queryOf(draft)}`,
  }),
  'another value': (draft, random) => {
    const pairs = pairsOf(draft);
    if (pairs.length === 0) return addPair(draft, 'limit', pick(random, PARTS));
    const at = drawWhole(random, 0, pairs.length - 1);
    return withPairs(
      draft,
      pairs.map((pair, index) => (index === at ? `${pair.split('=')[0]}=${pick(random, PARTS)}` : pair)),
    );
  },
  'a parameter more': (draft, random) =>
    addPair(
      draft,
      pick(random, ['colour', '__proto__', 'a[b]', 'limit[]', '', '%00', 'cursor']),
      pick(random, PARTS),
    ),
  'a parameter twice': (draft, random) => {
    const pairs = pairsOf(draft);
    const twice = pairs.length === 0 ? 'limit=1&limit=2' : pick(random, pairs);
    return withPairs(draft, [...pairs, twice]);
  },
  'a parameter less': (draft, random) => {
    const pairs = pairsOf(draft);
    const gone = drawWhole(random, 0, Math.max(0, pairs.length - 1));
    return withPairs(
      draft,
      pairs.filter((_, at) => at !== gone),
    );
  },
  'many parameters': (draft) =>
    withPairs(draft, [...pairsOf(draft), ...Array.from({ length: 1_000 }, (_, at) => `p${at}=1`)]),
  'a limit that is none': (draft, random) =>
    addPair(
      draft,
      'limit',
      pick(random, ['0', '-1', '501', '1.5', '1e2', '%201', '', 'NaN', 'Infinity', '٣']),
    ),
  'a cursor that is none': (draft, random, known) =>
    withPairs(draft, [
      ...pairsOf(draft).filter((pair) => !pair.startsWith('cursor=')),
      `cursor=${breakCursor(random, known)}`,
    ]),
});

/** A cursor of some list, with a fault; or one of another list, as it is. */
function breakCursor(random: Random, { pages }: KnownThings): string {
  const cursor = pages.length === 0 ? 'W10' : pick(random, pages).cursor;
  const at = drawWhole(random, 0, cursor.length - 1);
  const open = Buffer.from(cursor, 'base64url').toString('utf8');
  const close = (text: string) => Buffer.from(text).toString('base64url');
  return pick(random, [
    cursor,
    cursor.slice(0, at),
    cursor.slice(0, at) + pick(random, ['A', '-', '_', '%', '%00', '=']) + cursor.slice(at + 1),
    `${cursor}${cursor}`,
    close(open.replace(/\d/g, '9')),
    close(open.replace(/"[^"]*"(?=\]|,)/g, 'null')),
    close(open.replace(/\d{4}-/, '0000-')),
    close(open.replace(/\d{4}-/, '+275760-')),
    close(open.replace(/\]$/, ',1e400]')),
    close(open.replace(/,"/, ',"\\u0000')),
    close('['.repeat(700)),
    close('{"__proto__":1}'),
    'A'.repeat(1_001),
  ]);
}

function queryOf({ target }: RequestDraft): string {
  const at = target.indexOf('?');
  return at === -1 ? '' : target.slice(at);
}

function pairsOf(draft: RequestDraft): readonly string[] {
  return queryOf(draft)
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '');
}

function withPairs(draft: RequestDraft, pairs: readonly string[]): RequestDraft {
  return { ...draft, target: pathOf(draft.target) + (pairs.length === 0 ? '' : `?${pairs.join('&')}`) };
}

function addPair(draft: RequestDraft, name: string, value: string): RequestDraft {
  return withPairs(draft, [...pairsOf(draft), `${name}=${value}`]);
}
