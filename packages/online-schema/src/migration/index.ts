/** What generated migrations import: nothing here knows an entity, so a migration stays what it was. */
export type { IndexDefinition } from '../specification/index-definition';
export { type DroppedIndex, dropIndex } from './drop-index';
export { ensureExtension } from './ensure-extension';
export { ensureIndex } from './ensure-index';
export { inTransaction } from './in-transaction';
export { MigrationError, type MigrationErrorCode } from './migration-error';
