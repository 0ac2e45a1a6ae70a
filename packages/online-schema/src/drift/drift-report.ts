/** What is not as declared; see {@link DriftFinding.reason} for the case at hand. */
export const DRIFT_KINDS = [
  'table',
  'missing',
  'renamed',
  'different',
  'invalid',
  'not-ready',
  'building',
  'name-taken',
  'refused',
  'remains',
  'undeclared',
] as const;

export type DriftKind = (typeof DRIFT_KINDS)[number];

/** One respect in which a declared and an actual thing differ, both as the server spells them. */
export interface DriftDifference {
  /** `column order`, `predicate`, `nullable`, … */
  readonly aspect: string;
  readonly declared: string;
  readonly actual: string;
}

/** One difference between what the entities declare and what the database has. */
export interface DriftFinding {
  readonly kind: DriftKind;
  readonly schema: string;
  readonly table: string;
  /** Of the index, as declared where it is; with kind `table`, of the table, column, constraint or view. */
  readonly name: string;
  readonly differences: readonly DriftDifference[];
  /** In a sentence, for people. */
  readonly reason: string;
  /** SQL that mends it without blocking writers, each statement to be run by itself; empty where a person must decide. */
  readonly mend: readonly string[];
}

export interface DriftReport {
  /** Tables first, then indexes, each in the order in which the entities declare them. */
  readonly findings: readonly DriftFinding[];
  readonly looked: {
    readonly tables: number;
    /** Declared ones, and others of the same tables that no constraint owns. */
    readonly indexes: number;
    /** For example `17.10`. */
    readonly serverVersion: string;
  };
}
