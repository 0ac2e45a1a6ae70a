import type { Random } from '../random';
import { drawWhole, pick } from './draw';
import type { Json } from './generate-value';
import { countParts, type JsonTree, renderTree, replacePart, treeOf } from './json-tree';

const raw = (text: string): JsonTree => ({ kind: 'text', text });

/**
 * More than a body may hold, and no more than a connection takes that nobody reads: beyond that the service's answer would be lost
 * with the connection.
 */
const MOST_BYTES = 1_200_000;
const NESTED = [65, 1_000, 100_000];

/** What a part of a body may become, as it stands in the text. */
const PARTS: readonly string[] = Object.freeze([
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '1e3',
  '1e400',
  '-1e400',
  '1e-400',
  '9007199254740993',
  '99999999999999999999999999999999',
  '2147483648',
  '""',
  '" "',
  '[]',
  '{}',
  '[[]]',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00x"',
  '"\\ud83d\\ude00"',
  '"\\uffff\\ufffe"',
  '{"$ne":null}',
  '{"toString":1}',
  '{"length":-1}',
  '"9999-12-31T23:59:59.999-14:00"',
  '"0000-01-01T00:00:00Z"',
  '"2026-02-30T00:00:00Z"',
  '"00000000-0000-0000-0000-000000000000"',
  '"ffffffff-ffff-ffff-ffff-ffffffffffff"',
]);

const KEYS = Object.freeze([
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'id',
  'version',
  'createdAt',
  '',
  ' ',
  '\u0000',
  'x'.repeat(300),
  '$where',
]);

/** Changes one part of a body, and says how. What comes out is still JSON. */
const TREE_CHANGES: Readonly<Record<string, (tree: JsonTree, random: Random) => JsonTree>> = Object.freeze({
  'another value': (tree, random) => replaceAny(tree, random, () => raw(pick(random, PARTS))),
  'a long text': (tree, random) =>
    replaceAny(tree, random, () => raw(`"${'é'.repeat(pick(random, [201, 5_000, 300_000]))}"`)),
  'deep nesting': (tree, random) => replaceAny(tree, random, () => raw(nest(random))),
  'many items': (tree, random) =>
    replaceAny(tree, random, (part) => {
      const most = Math.ceil(MOST_BYTES / renderTree(part).length);
      const length = Math.min(most, pick(random, [21, 101, 1_001, 5_000]));
      return { kind: 'list', items: Array.from({ length }, () => part) };
    }),
  'one key less': (tree, random) =>
    changeObject(tree, random, (entries) => {
      const gone = drawWhole(random, 0, Math.max(0, entries.length - 1));
      return entries.filter((_, at) => at !== gone);
    }),
  'one key more': (tree, random) =>
    changeObject(tree, random, (entries) => [...entries, [pick(random, KEYS), raw(pick(random, PARTS))]]),
  'a key of prototypes': (tree, random) =>
    changeObject(tree, random, (entries) => [
      ...entries,
      pick(random, [
        ['__proto__', raw('{"admin":true}')],
        ['constructor', raw('{"prototype":{"admin":true}}')],
      ] as const),
    ]),
  'a key twice': (tree, random) =>
    changeObject(tree, random, (entries) =>
      entries.length === 0
        ? [
            ['a', raw('1')],
            ['a', raw('2')],
          ]
        : [...entries, [pick(random, entries)[0], raw(pick(random, PARTS))]],
    ),
});

/** Changes the text of a body, which is no JSON any more, or not the whole of it, or of another encoding. */
const TEXT_CHANGES: Readonly<Record<string, (text: string, random: Random) => Buffer>> = Object.freeze({
  'an end that is missing': (text, random) =>
    Buffer.from(text).subarray(0, drawWhole(random, 0, text.length)),
  'a wrong byte': (text, random) => {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) bytes[drawWhole(random, 0, bytes.length - 1)] = drawWhole(random, 0, 255);
    return bytes;
  },
  'no body': () => Buffer.alloc(0),
  'a number that is none': (text, random) =>
    Buffer.from(text.replace(/:[^,}]*/, `:${pick(random, ['NaN', 'Infinity', '-', '01', '0x1f', '1_000'])}`)),
  'more behind it': (text, random) => Buffer.from(text + pick(random, ['{}', ',', '\u0000', '// remark'])),
  'a mark of byte order': (text) => Buffer.from(`\ufeff${text}`),
  'UTF-16': (text) => Buffer.from(text, 'utf16le'),
  'half a character': (text) =>
    Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xc3, 0x28, 0xff])]),
  'a surrogate in bytes': (text) =>
    Buffer.from(
      Buffer.from(text)
        .toString('latin1')
        .replace(/"[^"]*"(?=[,}\]])/, '"\xed\xa0\x80"'),
      'latin1',
    ),
  'too much': (text) => Buffer.from(`${text}${' '.repeat(1024 * 1024)}`),
  'single quotes': (text) => Buffer.from(text.replaceAll('"', "'")),
});

/** A body with a fault, and what it is. */
export interface BrokenBody {
  readonly label: string;
  readonly bytes: Buffer;
}

/** Breaks a valid body in one way, or in two. */
export function breakBody(random: Random, value: Json): BrokenBody {
  let tree = treeOf(value);
  const labels: string[] = [];
  for (let rounds = drawWhole(random, 0, 2); rounds > 0; rounds -= 1) {
    const [label, change] = pick(random, Object.entries(TREE_CHANGES));
    tree = change(tree, random);
    labels.push(label);
  }
  const text = Buffer.from(renderTree(tree)).subarray(0, MOST_BYTES).toString('utf8');
  if (labels.length > 0 && random() < 0.9) return { label: labels.join(', '), bytes: Buffer.from(text) };
  const [label, change] = pick(random, Object.entries(TEXT_CHANGES));
  return { label: [...labels, label].join(', '), bytes: change(text, random) };
}

function replaceAny(tree: JsonTree, random: Random, replace: (part: JsonTree) => JsonTree): JsonTree {
  return replacePart(tree, drawWhole(random, 0, countParts(tree) - 1), replace);
}

function changeObject(
  tree: JsonTree,
  random: Random,
  change: (entries: readonly (readonly [string, JsonTree])[]) => readonly (readonly [string, JsonTree])[],
): JsonTree {
  return replaceAny(tree, random, (part) => ({
    kind: 'object',
    entries: change(part.kind === 'object' ? part.entries : []),
  }));
}

function nest(random: Random): string {
  const depth = pick(random, NESTED);
  if (random() < 0.5) return '['.repeat(depth) + ']'.repeat(depth);
  const objects = Math.min(depth, 50_000);
  return `${'{"a":'.repeat(objects)}1${'}'.repeat(objects)}`;
}
