import type { Scrape } from './read-scrape';
import { listChildren, parseExpression, type Syntax, type SyntaxNode } from './syntax';

/** What is known of an expression. */
export interface ExpressionReading {
  /** Labels of its result; undefined where the expression could not be followed. */
  readonly labels: ReadonlySet<string> | undefined;
  /** Whether it gives a result only when something is the case, as an alert needs it. */
  readonly isCondition: boolean;
  readonly problems: readonly string[];
}

/** What a part of an expression gives. */
interface Value {
  readonly kind: 'scalar' | 'instant' | 'range';
  readonly labels: ReadonlySet<string>;
  /** Whether it grows for ever: only its increase means something. */
  readonly isCounter: boolean;
}

/** Labels that Prometheus adds to every series of a target. */
const TARGET_LABELS: readonly string[] = ['job', 'instance'];

const SCALAR: Value = { kind: 'scalar', labels: new Set(), isCounter: false };
const COUNTER_FUNCTIONS = new Set(['rate', 'irate', 'increase', 'resets']);
const GAUGE_FUNCTIONS = new Set(['delta', 'idelta', 'deriv', 'predict_linear']);
const COMPARISONS = new Set(['Eql', 'Neq', 'Gtr', 'Lss', 'Gte', 'Lte']);
const SET_OPERATORS = new Set(['And', 'Or', 'Unless']);
/** They tell of series, not of their values. */
const COUNTING = new Set(['absent', 'timestamp', 'count', 'group']);

/**
 * Checks an expression against what a service really told: the grammar of Prometheus, then every name of a metric, every
 * label that is matched, grouped or joined by, every value that must be equal, rates of counters only, `le` where a
 * quantile needs it, and sides of an operator that have the same labels, without which nothing ever matches.
 */
export function checkExpression(expression: string, scrape: Scrape): ExpressionReading {
  const syntax = parseExpression(expression);
  if (syntax.root === undefined) {
    return { labels: undefined, isCondition: false, problems: [String(syntax.problem)] };
  }
  const reader = new ExpressionReader(syntax, scrape);
  const value = reader.read(syntax.root);
  if (value.isCounter) reader.problems.push('reads a counter without rate or increase');
  if (value.kind === 'range') reader.problems.push('gives a range where a value is needed');
  return { labels: value.labels, isCondition: isCondition(syntax, syntax.root), problems: reader.problems };
}

class ExpressionReader {
  readonly problems: string[] = [];
  readonly #syntax: Syntax;
  readonly #scrape: Scrape;

  constructor(syntax: Syntax, scrape: Scrape) {
    this.#syntax = syntax;
    this.#scrape = scrape;
  }

  read(node: SyntaxNode): Value {
    switch (node.name) {
      case 'NumberDurationLiteral':
      case 'StringLiteral':
        return SCALAR;
      case 'VectorSelector':
        return this.#readSelector(node);
      case 'MatrixSelector':
      case 'SubqueryExpr':
        return { ...this.#readInner(node), kind: 'range' };
      case 'AggregateExpr':
        return this.#readAggregation(node);
      case 'FunctionCall':
        return this.#readCall(node);
      case 'BinaryExpr':
        return this.#readOperator(node);
      default:
        // Parentheses, signs and shifts in time change no label.
        return this.#readInner(node);
    }
  }

  #readInner(node: SyntaxNode): Value {
    const inner = node.getChild('Expr');
    if (inner !== null) return this.read(inner);
    this.problems.push(`holds ${node.name}, which this check cannot follow`);
    return SCALAR;
  }

  #readSelector(node: SyntaxNode): Value {
    const identifier = node.getChild('Identifier');
    const name = identifier === null ? '' : this.#syntax.text(identifier);
    const family = this.#scrape.families.get(name);
    if (family === undefined) {
      this.problems.push(this.#describeMissing(name));
      return { kind: 'instant', labels: new Set(TARGET_LABELS), isCounter: false };
    }
    const labels = new Set([...family.labels.keys(), ...TARGET_LABELS]);
    if (this.#syntax.text(node).match(/[{,]\s*["'`]/))
      this.problems.push('quotes a label, which this check cannot follow');
    for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
      const [label = '', operator, literal = '""'] = listChildren(matcher).map((part) =>
        this.#syntax.text(part),
      );
      this.#requireLabels([label], labels, name);
      const value = literal.slice(1, -1);
      const known = family.labels.get(label);
      if (operator === '=' && known !== undefined && !value.includes('$') && !known.has(value)) {
        this.problems.push(`reads ${name} where ${label} is ${literal}, which it never is`);
      }
    }
    return { kind: 'instant', labels, isCounter: family.isCounter };
  }

  #describeMissing(name: string): string {
    switch (this.#scrape.types.get(name)) {
      case undefined:
        return `reads ${name || 'a selector without a name'}, which is no metric of the service`;
      case 'histogram':
        return `reads ${name}, a histogram: its series are ${name}_bucket, ${name}_sum and ${name}_count`;
      default:
        return `reads ${name}, which has no series in this scrape`;
    }
  }

  #readAggregation(node: SyntaxNode): Value {
    const operation = this.#textOf(node, 'AggregateOp');
    const value = this.#readArguments(node).at(-1) ?? SCALAR;
    const modifier = node.getChild('AggregateModifier');
    const grouping = this.#readGrouping(modifier);
    this.#requireLabels(grouping, value.labels, `what ${operation} reads`);
    const isCounter = value.isCounter && !COUNTING.has(operation);
    if (/^(?:topk|bottomk|limitk|limit_ratio)$/.test(operation)) return { ...value, isCounter };
    const labels =
      modifier?.getChild('Without') != null
        ? new Set([...value.labels].filter((label) => !grouping.includes(label)))
        : new Set(grouping);
    return { kind: 'instant', labels, isCounter };
  }

  #readCall(node: SyntaxNode): Value {
    const name = this.#textOf(node, 'FunctionIdentifier');
    const values = this.#readArguments(node);
    const value = values.find(({ kind }) => kind !== 'scalar') ?? SCALAR;
    const needsRange =
      COUNTER_FUNCTIONS.has(name) ||
      GAUGE_FUNCTIONS.has(name) ||
      name === 'changes' ||
      name.endsWith('_over_time');
    if (needsRange !== (value.kind === 'range')) {
      this.problems.push(needsRange ? `needs a range in ${name}` : `gives a range to ${name}`);
    }
    if (COUNTER_FUNCTIONS.has(name) && !value.isCounter) this.problems.push(`takes ${name} of a gauge`);
    if (GAUGE_FUNCTIONS.has(name) && value.isCounter) this.problems.push(`takes ${name} of a counter`);
    if (name === 'scalar' || value.kind === 'scalar') return SCALAR;
    const labels = new Set(value.labels);
    if (name === 'histogram_quantile' && !labels.delete('le')) {
      this.problems.push('takes a quantile of what has lost its label le');
    }
    const isCounter = value.isCounter && !COUNTER_FUNCTIONS.has(name) && !COUNTING.has(name);
    return { kind: 'instant', labels, isCounter };
  }

  #readArguments(node: SyntaxNode): readonly Value[] {
    const body = node.getChild('FunctionCallBody');
    return body?.getChildren('Expr').map((argument) => this.read(argument)) ?? [];
  }

  #readOperator(node: SyntaxNode): Value {
    const [leftNode, operator, ...rest] = listChildren(node);
    const rightNode = rest.at(-1);
    if (leftNode === undefined || operator === undefined || rightNode === undefined) return SCALAR;
    const left = this.read(leftNode);
    const right = this.read(rightNode);
    const isCounter = left.isCounter || right.isCounter;
    if (left.kind === 'scalar') return { ...right, isCounter };
    if (right.kind === 'scalar') return { ...left, isCounter };
    const labels = this.#readMatching(node, left.labels, right.labels, operator.name);
    return { kind: 'instant', labels, isCounter };
  }

  #readMatching(
    node: SyntaxNode,
    left: ReadonlySet<string>,
    right: ReadonlySet<string>,
    operator: string,
  ): ReadonlySet<string> {
    const clause = node.getChild('MatchingModifierClause');
    const [matching, included] = clause?.getChildren('GroupingLabels') ?? [];
    const named = matching === undefined ? [] : this.#readLabels(matching);
    const isOn = clause?.getChild('On') != null;
    if (isOn) {
      for (const side of [left, right]) this.#requireLabels(named, side, 'a side of the operator');
    } else {
      this.#requireLabels(named, new Set([...left, ...right]), 'either side of the operator');
    }
    const keyOf = (side: ReadonlySet<string>) =>
      [...side].filter((label) => named.includes(label) === isOn).sort();
    const [leftKey, rightKey] = [keyOf(left), keyOf(right)];
    if (operator !== 'Or' && leftKey.join() !== rightKey.join()) {
      this.problems.push(
        `joins series by [${leftKey.join(', ')}] with series by [${rightKey.join(', ')}], which never match`,
      );
    }
    if (operator === 'Or') return new Set([...left, ...right]);
    if (SET_OPERATORS.has(operator)) return left;
    const extra = included === undefined ? [] : this.#readLabels(included);
    if (clause?.getChild('GroupLeft') != null) return new Set([...left, ...extra]);
    if (clause?.getChild('GroupRight') != null) return new Set([...right, ...extra]);
    return new Set(leftKey);
  }

  #readGrouping(modifier: SyntaxNode | null): readonly string[] {
    const labels = modifier?.getChild('GroupingLabels');
    return labels ? this.#readLabels(labels) : [];
  }

  #readLabels(grouping: SyntaxNode): readonly string[] {
    return grouping.getChildren('LabelName').map((label) => this.#syntax.text(label));
  }

  #requireLabels(labels: readonly string[], known: ReadonlySet<string>, owner: string): void {
    for (const label of labels) {
      if (!known.has(label)) this.problems.push(`names the label ${label}, which ${owner} does not have`);
    }
  }

  #textOf(node: SyntaxNode, child: string): string {
    const part = node.getChild(child);
    return part === null ? '' : this.#syntax.text(part);
  }
}

function isCondition(syntax: Syntax, node: SyntaxNode): boolean {
  if (node.name === 'ParenExpr') {
    const inner = node.getChild('Expr');
    return inner !== null && isCondition(syntax, inner);
  }
  if (node.name === 'FunctionCall') return /^absent/.test(syntax.text(node));
  if (node.name !== 'BinaryExpr') return false;
  const [left, operator, ...rest] = listChildren(node);
  const right = rest.at(-1);
  if (left === undefined || operator === undefined || right === undefined) return false;
  if (COMPARISONS.has(operator.name)) return node.getChild('BoolModifier') === null;
  const sides = [isCondition(syntax, left), isCondition(syntax, right)];
  if (operator.name === 'Or') return sides.every(Boolean);
  return SET_OPERATORS.has(operator.name) && sides.some(Boolean);
}
