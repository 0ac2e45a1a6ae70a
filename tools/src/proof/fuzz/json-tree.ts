import type { Json } from './generate-value';

/** JSON that may also be wrong: text as it stands, and objects whose keys come as often and are named as one likes. */
export type JsonTree =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly JsonTree[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, JsonTree])[] };

export function treeOf(value: Json): JsonTree {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(treeOf) };
  if (typeof value === 'object' && value !== null) {
    return { kind: 'object', entries: Object.entries(value).map(([name, part]) => [name, treeOf(part)]) };
  }
  return { kind: 'text', text: JSON.stringify(value) };
}

export function renderTree(tree: JsonTree): string {
  switch (tree.kind) {
    case 'text':
      return tree.text;
    case 'list':
      return `[${tree.items.map(renderTree).join(',')}]`;
    case 'object':
      return `{${tree.entries.map(([name, part]) => `${JSON.stringify(name)}:${renderTree(part)}`).join(',')}}`;
    default:
      return tree satisfies never;
  }
}

/** Replaces the part that is the `at`th when all are counted from the root on, which is the first. */
export function replacePart(tree: JsonTree, at: number, replace: (part: JsonTree) => JsonTree): JsonTree {
  let seen = -1;
  const visit = (part: JsonTree): JsonTree => {
    seen += 1;
    if (seen === at) return replace(part);
    if (part.kind === 'list') return { ...part, items: part.items.map(visit) };
    if (part.kind === 'object') {
      return { ...part, entries: part.entries.map(([name, inner]) => [name, visit(inner)] as const) };
    }
    return part;
  };
  return visit(tree);
}

export function countParts(tree: JsonTree): number {
  if (tree.kind === 'list') return 1 + tree.items.reduce((sum, part) => sum + countParts(part), 0);
  if (tree.kind === 'object') return 1 + tree.entries.reduce((sum, [, part]) => sum + countParts(part), 0);
  return 1;
}
