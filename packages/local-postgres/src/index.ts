export {
  type CreateDatabaseOptions,
  createDatabase,
  type DroppedDatabase,
  dropDatabase,
} from './databases';
export { LeakedConnectionsError, LocalPostgresError, type LocalPostgresErrorCode } from './error';
export { createGlobalSetup, type GlobalSetupOptions, globalTeardown } from './jest-setup';
export {
  type LocalServerOptions,
  type LocalServerStatus,
  openLocalServer,
  readLocalServer,
  startLocalServer,
  stopLocalServer,
} from './local-server';
export type { PostgresServer, TemporaryServer } from './postgres-server';
export type { Shutdown } from './postmaster';
export type { ServerSettings } from './server-settings';
export { openTemporaryServer, type TemporaryServerOptions } from './temporary-server';
export { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database';
export { defaultPostgresVersion, type PostgresVersion, postgresVersions } from './version';
