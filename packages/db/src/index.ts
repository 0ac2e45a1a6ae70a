import 'reflect-metadata';

export { createDataSource, type DataSourceOptions, ENTITIES } from './create-data-source';
export * from './entities/api-key.entity';
export * from './entities/event.entity';
export * from './entities/membership.entity';
export * from './entities/organization.entity';
export * from './entities/user.entity';
export {
  type AppendedEvent,
  type AppendRequest,
  type AppendResult,
  appendEvents,
  type NewEvent,
} from './event-store/append';
export { VersionConflictError } from './event-store/version-conflict-error';
export { ApiKeyRepository, type NewApiKey } from './repositories/api-key.repository';
export { EventRepository, type EventTypeFilter, type StreamRequest } from './repositories/event.repository';
export {
  DEFAULT_PAGE_LIMIT,
  InvalidCursorError,
  InvalidLimitError,
  MAX_PAGE_LIMIT,
  type Page,
  type PageRequest,
} from './repositories/keyset';
export { MembershipRepository, type NewMembership } from './repositories/membership.repository';
export { type NewOrganization, OrganizationRepository } from './repositories/organization.repository';
export { AlreadyExistsError, ReferenceMissingError } from './repositories/refusals';
export { type NewUser, UserRepository } from './repositories/user.repository';
export {
  type DatabaseSettings,
  LOCAL_DATABASE_URL,
  readDatabaseSettings,
  readEnvironment,
} from './settings/database-settings';
export { ENVIRONMENTS, type Environment, type Variables } from './settings/environment';
export { POOL_SETTINGS } from './settings/pool-settings';
export { SettingsError, type SettingsProblem } from './settings/settings-error';
