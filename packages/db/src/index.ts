import 'reflect-metadata';

export { createDataSource, type DataSourceOptions, ENTITIES } from './create-data-source';
export * from './entities/api-key.entity';
export * from './entities/event.entity';
export { IdempotencyRecord } from './entities/idempotency-record.entity';
export * from './entities/membership.entity';
export * from './entities/organization.entity';
export * from './entities/user.entity';
export { type AppendedEvent, type AppendResult, appendEvents } from './event-store/append';
export { APPEND_LIMITS, type AppendRequest, type NewEvent } from './event-store/append-request';
export { IdempotencyKeyReusedError } from './event-store/idempotency-key-reused-error';
export { type InvalidAppend, InvalidAppendError } from './event-store/invalid-append-error';
export { VersionConflictError } from './event-store/version-conflict-error';
export { newId } from './new-id';
export {
  type ApiKeyChange,
  ApiKeyRepository,
  ApiKeySpentError,
  type NewApiKey,
} from './repositories/api-key.repository';
export { type ExpectedVersions, RowChangedError } from './repositories/conditional-change';
export { EventRepository, type EventTypeFilter, type StreamRequest } from './repositories/event.repository';
export { type IdempotencyKey, IdempotencyRepository } from './repositories/idempotency.repository';
export { InvalidCursorError, type Page, type PageRequest } from './repositories/keyset';
export { DEFAULT_PAGE_LIMIT, InvalidLimitError, MAX_PAGE_LIMIT } from './repositories/limit';
export {
  type MembershipChange,
  MembershipRepository,
  type NewMembership,
} from './repositories/membership.repository';
export {
  type NewOrganization,
  type OrganizationChange,
  OrganizationRepository,
} from './repositories/organization.repository';
export { AlreadyExistsError, ReferenceMissingError } from './repositories/refusals';
export { type NewUser, type UserChange, UserRepository } from './repositories/user.repository';
export { type DatabaseSettings, readDatabaseSettings, readEnvironment } from './settings/database-settings';
export { LOCAL_DATABASE_URL } from './settings/database-url';
export { ENVIRONMENTS, type Environment, type Variables } from './settings/environment';
export { POOL_SETTINGS } from './settings/pool-settings';
export { SettingsError, type SettingsProblem } from './settings/settings-error';
