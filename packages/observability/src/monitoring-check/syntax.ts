import { parser } from '@prometheus-io/lezer-promql';

type Tree = ReturnType<typeof parser.parse>;
/** A part of a parsed expression. */
export type SyntaxNode = Tree['topNode'];

/** A parsed expression. `text` reads what was written for a part. */
export interface Syntax {
  /** Undefined when the expression is not PromQL; `problem` says where it stops being it. */
  readonly root: SyntaxNode | undefined;
  readonly problem: string | undefined;
  text(node: SyntaxNode): string;
}

/** Parses an expression by the grammar of Prometheus. */
export function parseExpression(expression: string): Syntax {
  const tree = parser.parse(expression);
  const at = findError(tree);
  return {
    root: at === undefined ? (tree.topNode.firstChild ?? undefined) : undefined,
    problem:
      at === undefined
        ? undefined
        : `is not PromQL at character ${at + 1}: ${JSON.stringify(expression.slice(at, at + 30))}`,
    text: (node) => expression.slice(node.from, node.to),
  };
}

/** Lists the direct parts of a node. */
export function listChildren(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child);
  }
  return children;
}

/** The parser mends what it cannot read and marks the place. */
function findError(tree: Tree): number | undefined {
  let at: number | undefined;
  tree.iterate({
    enter({ type, from }) {
      if (type.isError) at ??= from;
    },
  });
  return at;
}
