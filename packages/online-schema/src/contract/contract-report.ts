import type { PlanMode } from '../statement/sent-statement';

/** How a contract can be broken. */
export type BreachKind =
  /** The call sent nothing that has a plan through the manager that it was given. */
  | 'nothing-sent'
  /** The index that it names is not there, or not valid. */
  | 'index-missing'
  /** The index is there, and none of the statements used it. */
  | 'index-not-used'
  /** More pages of a table were read, from its beginning on, than a small table has: by the statement, a foreign key or a function. */
  | 'seq-scan'
  /** More than a few rows were sorted. */
  | 'sort'
  /** A statement touched more pages than it may. */
  | 'over-budget';

export interface Breach {
  readonly kind: BreachKind;
  /** One sentence. */
  readonly reason: string;
  /** Where it is a matter of one kind of plan. */
  readonly mode?: PlanMode;
  /** Counted from 1, where it is a matter of one statement. */
  readonly statement?: number;
}

/** What breaks nothing and yet makes the figures doubtful, or soon will break something. */
export interface Notice {
  readonly kind: 'estimate' | 'heap-fetches' | 'rows-removed' | 'not-analysed' | 'refused';
  readonly reason: string;
  readonly mode?: PlanMode;
  /** Counted from 1. */
  readonly statement: number;
}

/** One statement under one kind of plan. */
export interface PlannedRun {
  readonly mode: PlanMode;
  /** Pages of tables and indexes that it touched, those of foreign keys and other triggers among them. */
  readonly buffers: number;
  readonly budget: number;
  /** That it returned, or wrote where it returns none. */
  readonly rows: number;
  /** In the order of the plan, then those of foreign keys and functions; a partition's under the name of the partitioned index. With the schema where that is not on the search path. */
  readonly indexes: readonly string[];
  /** For a reader. A custom plan shows the values of the sample. */
  readonly plan: string;
}

export interface StatementReport {
  readonly sql: string;
  /** None where the server refused the statement, which the call has dealt with. */
  readonly runs: readonly PlannedRun[];
}

export interface ContractReport {
  readonly contract: string;
  readonly serverVersion: string;
  readonly statements: readonly StatementReport[];
  /** Empty where the contract holds. */
  readonly broken: readonly Breach[];
  readonly notices: readonly Notice[];
}

export interface CoverageReport {
  /** Indexes that no contract names, as `schema.name`: they cost every write, and answer nothing that is known. */
  readonly uncovered: readonly string[];
  /** What contracts name and is not there. */
  readonly missing: readonly { readonly contract: string; readonly index: string }[];
  /** Names that more than one contract has. */
  readonly repeated: readonly string[];
}
