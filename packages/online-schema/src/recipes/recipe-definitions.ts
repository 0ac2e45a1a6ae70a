/** A table as a migration names it. */
export interface TableTarget {
  /** Left out, the search path decides. */
  readonly schema?: string | undefined;
  readonly table: string;
}

export interface ColumnTarget extends TableTarget {
  readonly column: string;
}

export interface ConstraintTarget extends TableTarget {
  readonly name: string;
}

/** `INITIALLY DEFERRED` or `INITIALLY IMMEDIATE`: a constraint that a transaction may have checked at its end. */
export type Deferrable = 'INITIALLY DEFERRED' | 'INITIALLY IMMEDIATE';

export interface CheckDefinition extends ConstraintTarget {
  /** SQL without `CHECK` and its brackets. */
  readonly expression: string;
}

export interface UniqueDefinition extends ConstraintTarget {
  /** Columns in the order of the index. */
  readonly columns: readonly string[];
  readonly deferrable?: Deferrable | undefined;
}

export type ReferentialAction = 'NO ACTION' | 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'SET DEFAULT';

export interface ForeignKeyDefinition extends ConstraintTarget {
  readonly columns: readonly string[];
  readonly references: TableTarget & { readonly columns: readonly string[] };
  /** Default `NO ACTION`, as for `onUpdate`. */
  readonly onDelete?: ReferentialAction | undefined;
  readonly onUpdate?: ReferentialAction | undefined;
  readonly deferrable?: Deferrable | undefined;
}

export interface EnumValueDefinition {
  readonly schema?: string | undefined;
  readonly type: string;
  readonly value: string;
  /** The value it is sorted after. Neither this nor `before`: at the end. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

export interface BackfillDefinition extends TableTarget {
  /** What follows `SET`, for example `"token" = DEFAULT`. */
  readonly set: string;
  /** Which rows; one that excludes the rows done makes a second run cheap. Default: all. */
  readonly where?: string | undefined;
  /** Rows of the primary key that one transaction walks. Default 1000. */
  readonly batchRows?: number | undefined;
}
