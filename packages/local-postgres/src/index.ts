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
export type { PgBouncerMode, PgBouncerSettings } from './pgbouncer/config';
export { openPgBouncer, type PgBouncer, type PgBouncerOptions } from './pgbouncer/open-pgbouncer';
export { isPgBouncerInstalled } from './pgbouncer/program';
export type { PostgresServer, TemporaryServer } from './postgres-server';
export type { Shutdown } from './postmaster';
export type { MessageHandler, MessageVerdict, ProxyMessage } from './proxy/message-rules';
export { openProxy, type PostgresProxy, type ProxyTarget } from './proxy/postgres-proxy';
export type { TrafficCounts } from './proxy/traffic';
export { openReplica, type Replica, type ReplicaOptions } from './replica/open-replica';
export type { ReplayWait } from './replica/replay';
export type { ServerSettings } from './server-settings';
export { openTemporaryServer, type TemporaryServerOptions } from './temporary-server';
export { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database';
export { defaultPostgresVersion, type PostgresVersion, postgresVersions } from './version';
