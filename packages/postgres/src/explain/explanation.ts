import { listIndexes, listScanned, type PlanNode } from './plan-node';

export interface ExplainedPlan {
  /** As `EXPLAIN (FORMAT JSON)` gives it. */
  readonly root: PlanNode;
  /** Indexes that it uses. */
  readonly indexes: readonly string[];
  /** Tables that it reads from their beginning on. */
  readonly scanned: readonly string[];
}

/** How the server answers a statement. It holds no value of it. */
export interface Explanation {
  /** As it would be sent. */
  readonly text: string;
  /** Under which connections hold it from its second use on; undefined where they never do. */
  readonly name: string | undefined;
  /** The kinds of its parameters, such as `a number`. */
  readonly values: readonly string[];
  /** For these values. Without expressions, which would hold them; those of a statement without values are there. */
  readonly custom: ExplainedPlan;
  /**
   * For all values, which the server may settle for once a connection has executed the prepared statement five times. Undefined where it is never
   * prepared, and where the connection has settings for each of its statements.
   */
  readonly generic: ExplainedPlan | undefined;
  /** Indexes that fit: those that the plan for these values uses if no table is read from its beginning on, however small. */
  readonly expected: readonly string[];
}

export function describePlan(root: PlanNode): ExplainedPlan {
  return { root, indexes: listIndexes(root), scanned: listScanned(root) };
}
