import type { Statement } from '../generate/table-operation';
import type { TableTarget } from '../recipes/recipe-definitions';
import type { PlanStep } from './plan-step';

/**
 * Which of the migrations that are written a change belongs to, in the order in which they run:
 *
 * - `drop indexes`: those whose columns go;
 * - `prepare`: constraints that go, enum values that later statements use;
 * - `tables`: what takes an instant each, in one transaction;
 * - `rewrites`: what writes a table anew, a transaction for each table, so that no other is locked meanwhile;
 * - `constraints`: what reads or writes every row, without stopping a writer;
 * - `indexes`: all others;
 * - `references`: foreign keys to what one of those indexes makes unique.
 */
export const STAGES = [
  'drop indexes',
  'prepare',
  'tables',
  'rewrites',
  'constraints',
  'indexes',
  'references',
] as const;

export type Stage = (typeof STAGES)[number];

/** A function that generated migrations call. */
export type RecipeName =
  | 'backfill'
  | 'dropConstraint'
  | 'dropEnumValue'
  | 'dropIndex'
  | 'dropNotNull'
  | 'ensureCheck'
  | 'ensureEnumValue'
  | 'ensureForeignKey'
  | 'ensureIndex'
  | 'ensureNotNull'
  | 'ensureUnique'
  | 'renameIndex';

/** A line of a migration. */
export type MigrationCall =
  | {
      readonly kind: 'statement';
      readonly statement: Statement;
      /** What whoever reads the migration should know of it. */
      readonly note?: string;
    }
  | { readonly kind: 'recipe'; readonly name: RecipeName; readonly argument: object };

/** One change, as the steps it takes and as what a migration says to make it and to undo it. */
export interface PlannedChange {
  readonly stage: Stage;
  /** Of a change in a transaction. */
  readonly table?: TableTarget;
  readonly steps: readonly PlanStep[];
  readonly up: readonly MigrationCall[];
  /** In the order in which they must run. */
  readonly down: readonly MigrationCall[];
}

export function recipe(name: RecipeName, argument: object): MigrationCall {
  return { kind: 'recipe', name, argument };
}
