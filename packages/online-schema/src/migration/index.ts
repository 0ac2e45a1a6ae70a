/** What generated migrations import: nothing here knows an entity, so a migration stays what it was. */
export { backfill } from '../recipes/backfill';
export { dropConstraint } from '../recipes/drop-constraint';
export { type DropEnumValueOptions, dropEnumValue } from '../recipes/drop-enum-value';
export { ensureCheck } from '../recipes/ensure-check';
export { ensureEnumValue } from '../recipes/ensure-enum-value';
export { ensureForeignKey } from '../recipes/ensure-foreign-key';
export { dropNotNull, ensureNotNull } from '../recipes/ensure-not-null';
export { ensureUnique } from '../recipes/ensure-unique';
export type {
  BackfillDefinition,
  CheckDefinition,
  ColumnTarget,
  ConstraintTarget,
  Deferrable,
  EnumValueDefinition,
  ForeignKeyDefinition,
  ReferentialAction,
  TableTarget,
  UniqueDefinition,
} from '../recipes/recipe-definitions';
export type { IndexDefinition } from '../specification/index-definition';
export { type DroppedIndex, dropIndex } from './drop-index';
export { ensureExtension } from './ensure-extension';
export { ensureIndex } from './ensure-index';
export { inTransaction } from './in-transaction';
export { MigrationError, type MigrationErrorCode } from './migration-error';
export { type RenamedIndex, renameIndex } from './rename-index';
