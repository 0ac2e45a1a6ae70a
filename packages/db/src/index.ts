import 'reflect-metadata';

export { createDataSource, type DataSourceOptions, ENTITIES } from './create-data-source';
export * from './entities/api-key.entity';
export * from './entities/event.entity';
export * from './entities/event-lease.entity';
export { IdempotencyRecord } from './entities/idempotency-record.entity';
export * from './entities/membership.entity';
export * from './entities/organization.entity';
export * from './entities/organization-activity.entity';
export * from './entities/user.entity';
export { type AppendResult, appendEvents } from './event-store/append';
export { APPEND_LIMITS, type AppendRequest, type NewEvent } from './event-store/append-request';
export {
  appendToStreams,
  type StreamsAppendResult,
} from './event-store/append-to-streams';
export { ConditionFailedError } from './event-store/condition-failed-error';
export {
  type EventQuery,
  type EventQueryItem,
  InvalidEventQueryError,
  QUERY_LIMITS,
} from './event-store/event-query';
export type { AppendedEvent } from './event-store/event-rows';
export { IdempotencyKeyReusedError } from './event-store/idempotency-key-reused-error';
export { ImportRaceError, ImportRefusedError } from './event-store/import-errors';
export {
  type ImportedEvent,
  type ImportRefusal,
  type ImportResult,
  importEvents,
  wasImported,
} from './event-store/import-events';
export { type InvalidAppend, InvalidAppendError } from './event-store/invalid-append-error';
export { type QueryRead, type QueryReadRequest, readByQuery } from './event-store/read-by-query';
export type { StatementSender } from './event-store/statement-sender';
export type { AppendCondition, StreamsAppendRequest } from './event-store/streams-append-request';
export { VersionConflictError } from './event-store/version-conflict-error';
export {
  createLogAnnouncer,
  LOG_ANNOUNCER_DEFAULTS,
  type LogAnnouncer,
  type LogAnnouncerOptions,
} from './log/announcements';
export { type LogFeed, type LogFeedOptions, openLogFeed } from './log/log-feed';
export {
  type LogEnd,
  LogHiddenError,
  type LogPage,
  type LogPageRequest,
  readLogEnd,
  readLogPage,
  renderEventCursor,
} from './log/log-page';
export { type LogRequest, LogRewoundError, type LogStretch, readLog } from './log/read-log';
export { TAIL_LOG_DEFAULTS, type TailLogOptions, tailLog } from './log/tail-log';
export {
  createLogWatermark,
  LogPrivilegeError,
  type LogReading,
  LogUnsafeError,
  type LogWatermark,
  type SettledPosition,
} from './log/watermark';
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
export {
  type ActivityOfType,
  OrganizationActivityRepository,
} from './repositories/organization-activity.repository';
export { AlreadyExistsError, NotPermittedError, ReferenceMissingError } from './repositories/refusals';
export { type NewUser, type UserChange, UserRepository } from './repositories/user.repository';
export { type DatabaseSettings, readDatabaseSettings, readEnvironment } from './settings/database-settings';
export { LOCAL_DATABASE_URL } from './settings/database-url';
export { ENVIRONMENTS, type Environment, type Variables } from './settings/environment';
export { POOL_SETTINGS } from './settings/pool-settings';
export { SettingsError, type SettingsProblem } from './settings/settings-error';
export { createSettingsReader, type SettingsReader } from './settings/settings-reader';
export { actFor, actingFor, EVERY_TENANT } from './tenancy/act-for';
export { listDeadLetters, replayDeadLetter } from './worker/dead-letters';
export { type EventHandler, type HandlerContext, NoEventHandlerError } from './worker/event-handler';
export { type EventWorkerReport, runEventWorker } from './worker/run-event-worker';
export { EVENT_WORKER_DEFAULTS, type EventWorkerOptions } from './worker/worker-options';
