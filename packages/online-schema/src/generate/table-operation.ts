import type { TableColumn } from 'typeorm';
import type {
  CheckDefinition,
  EnumValueDefinition,
  ForeignKeyDefinition,
  TableTarget,
  UniqueDefinition,
} from '../recipes/recipe-definitions';

/** A statement with the values TypeORM would bind to it. */
export interface Statement {
  readonly query: string;
  readonly parameters: readonly unknown[];
}

/** One thing that TypeORM's schema builder would do, with the statements it would do it with. */
export type TableOperation = OperationDetail & {
  readonly table: TableTarget;
  /** The table is made by the same changes, so that nobody else sees it yet. */
  readonly isNew: boolean;
  readonly up: readonly Statement[];
  /** In the order in which they must run. */
  readonly down: readonly Statement[];
  /** Of a column that comes, goes or changes in one respect. */
  readonly changed?: ChangedColumn;
  /**
   * What else needs the column or unique constraint as it is, so that the server refuses; as PostgreSQL calls it. Of a view
   * that is dropped and made again, what goes with it.
   */
  readonly dependents?: readonly string[];
};

/** A table without an entity that has the columns of a new one. */
export interface FormerTable extends TableTarget {
  /** No column more, none less. */
  readonly isExact: boolean;
}

/** The type of a sequence as it is and as it will be. */
export interface SequenceType {
  /** As `schema.name`. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** To a type with more numbers, so that a way back may be closed one day. */
  readonly widens: boolean;
}

/** A column as it is and as it is declared, alike but for what the operation changes. */
export interface ChangedColumn {
  readonly before?: TableColumn;
  readonly after?: TableColumn;
}

export type OperationDetail =
  | {
      readonly kind: 'create-table';
      /** With their types as PostgreSQL calls them, without length; of an enum, no type that the server knows. */
      readonly columns: readonly { readonly name: string; readonly type: string }[];
      /** Of constraints that come with an index of their name. */
      readonly indexed: readonly string[];
      /** That it may have been until the entity named another one. */
      readonly former?: FormerTable;
    }
  | {
      readonly kind: 'add-column';
      readonly column: string;
      /** The server rewrites the table for it. */
      readonly rewrites: boolean;
      /** NOT NULL, and nothing to put into the rows that are there. */
      readonly lacksValue: boolean;
    }
  | { readonly kind: 'drop-column'; readonly column: string }
  | { readonly kind: 'rename-column'; readonly column: string; readonly to: string }
  | {
      readonly kind: 'set-type';
      readonly column: string;
      readonly from: string;
      readonly to: string;
      readonly rewrites: boolean;
      /** The server reads every row again, for a check constraint. */
      readonly scans: boolean;
      /** Between a time with a zone and one without: what has none is taken for UTC. */
      readonly assumesUtc: boolean;
      /** A revert writes the table or an index anew, or reads every row, although the change itself does not. */
      readonly revertIsSlow: boolean;
      /** Why the server refuses it, if it does. */
      readonly refusal: string | undefined;
      /** That the column owns, as `schema.name`, and that get another type with it. */
      readonly sequences: readonly SequenceType[];
    }
  /** TypeORM would drop the column and add it again, empty, or move every row to another type. */
  | { readonly kind: 'change-generated' | 'change-primary-key'; readonly column: string }
  | {
      readonly kind: 'change-enum';
      readonly column: string;
      readonly problem: 'values removed' | 'values reordered' | 'another type';
      readonly values: readonly string[];
    }
  | { readonly kind: 'add-enum-value'; readonly column: string; readonly value: EnumValueDefinition }
  | { readonly kind: 'set-not-null' | 'drop-not-null'; readonly column: string }
  | { readonly kind: 'set-default' | 'comment'; readonly column: string }
  /** Gives the rows that are there what a new column's default gives to new ones. */
  | { readonly kind: 'backfill'; readonly column: string; readonly set: string; readonly where: string }
  | {
      readonly kind: 'add-unique';
      readonly definition: UniqueDefinition;
      readonly previous: UniqueDefinition | undefined;
    }
  | { readonly kind: 'drop-unique'; readonly previous: UniqueDefinition }
  | {
      readonly kind: 'add-check';
      readonly definition: CheckDefinition;
      readonly previous: CheckDefinition | undefined;
    }
  | {
      readonly kind: 'drop-check';
      readonly previous: CheckDefinition;
      /** That the expression reads. */
      readonly columns: readonly string[];
    }
  | {
      readonly kind: 'add-foreign-key';
      readonly definition: ForeignKeyDefinition;
      readonly previous: ForeignKeyDefinition | undefined;
    }
  | { readonly kind: 'drop-foreign-key'; readonly previous: ForeignKeyDefinition }
  /** The constraint is the declared one under another name. */
  | { readonly kind: 'rename-constraint'; readonly name: string; readonly to: string }
  | {
      readonly kind: 'add-exclusion';
      readonly name: string;
      /** Of one that takes the place of another one of that name: both as the server spells them. */
      readonly replaces?: { readonly actual: string; readonly declared: string };
    }
  | { readonly kind: 'drop-exclusion'; readonly name: string }
  | { readonly kind: 'change-view'; readonly name: string };
