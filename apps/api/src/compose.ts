import type { Writable } from 'node:stream';
import { createDataSource, createLogAnnouncer, openLogFeed } from '@holdfast/db';
import {
  createLogger,
  createMetrics,
  logSlowQueries,
  type PoolReadings,
  traceDatabase,
} from '@holdfast/observability';
import {
  openDataSource,
  readConnectionTarget,
  readEvents,
  readPoolStats,
  readReplicaStats,
} from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import { requireServiceRole } from './check-role';
import { createConsole } from './console/console';
import { createDatabase } from './create-database';
import { ClientRates } from './http/client-rates';
import { Pressure } from './http/pressure';
import { createHttpServer, type HttpServer } from './http/server';
import { listStrains } from './list-strains';
import { createOperationsDatabase } from './operations-database';
import { probeReadiness } from './probe-readiness';
import type { ServiceSettings } from './settings';
import { sweepRegularly } from './sweep-idempotency-keys';

/** The running service. */
export interface Service {
  /**
   * Connects to the database, then accepts requests. After a failure nothing is left open.
   *
   * @throws DatabaseConnectionError, UnfitDatabaseError, PoliciesNotHeldError, ListenError
   */
  listen(): Promise<void>;
  /** Stops accepting, finishes or cuts what runs, closes the pool. Resolves when all is closed; may be called again. */
  close(): Promise<void>;
  /** `http://host:port` once it listens. */
  readonly address: string | undefined;
}

const VERSION = '0.1.0';

export interface ServiceOptions {
  /** Where log lines go. Default: standard output. */
  readonly logStream?: Writable;
}

function readPools(dataSource: DataSource): PoolReadings {
  const replicas = readReplicaStats(dataSource).map((replica) => [replica.name, replica] as const);
  return { primary: readPoolStats(dataSource), ...Object.fromEntries(replicas) };
}

/** Wires the service. Opens nothing: that is done by `listen`. */
export function createService(settings: ServiceSettings, { logStream }: ServiceOptions = {}): Service {
  const { host, port, logLevel, logFormat, shutdownTimeoutMs, environment, variables } = settings;
  const { databaseDeadlineMs: deadlineMs, databaseUrl, maxRequestTimeoutMs, apiKeyPepper } = settings;
  const { operationsVariables } = settings;
  const logger = createLogger({
    level: logLevel,
    format: logFormat,
    service: 'holdfast-api',
    ...(logStream && { stream: logStream }),
  });
  const dataSource = createDataSource(environment, variables, { logger });
  const { database, manager, breaker } = createDatabase(dataSource, { logger, deadlineMs, environment });
  const operations = createOperationsDatabase(operationsVariables, { environment, logger, deadlineMs });
  const announcer = createLogAnnouncer(dataSource, { logger });
  const feed = openLogFeed(dataSource, { logger });
  const events = readEvents(dataSource);
  const { host: serverAddress, port: serverPort, database: databaseName } = readConnectionTarget(databaseUrl);
  traceDatabase(events, { serverAddress, serverPort, databaseName });
  logSlowQueries(events, logger);
  const pressure = new Pressure(settings.admission);
  const clientRates = new ClientRates(settings.clientRate);
  const board = createConsole({
    environment,
    variables: operationsVariables,
    version: VERSION,
    readPools: () => readPools(dataSource),
    readAdmission: () => pressure.read(),
    events,
    breaker,
  });
  const opening = new AbortController();
  let http: HttpServer | undefined;
  let address: string | undefined;
  let sweeper: { stop(): void } | undefined;
  let closing: Promise<void> | undefined;

  async function open(): Promise<void> {
    await openDataSource(dataSource, { logger, signal: opening.signal });
    const arePoliciesHeld = await requireServiceRole(dataSource, { environment, logger });
    await operations.open(opening.signal);
    http = await createHttpServer({
      database,
      arePoliciesHeld,
      operations: operations.database,
      console: board,
      logger,
      metrics: createMetrics({
        readPools: () => readPools(dataSource),
        database: events,
        readAdmission: () => ({ ...pressure.read(), rateLimited: clientRates.refused }),
        readBacklog: () => board.readBacklog(),
      }),
      probe: () => probeReadiness(dataSource, logger),
      pressure,
      clientRates,
      listStrains: () =>
        listStrains({
          circuit: breaker.state,
          replicas: readReplicaStats(dataSource),
          pool: readPoolStats(dataSource),
          isLimitShrunk: pressure.read().isShrunk,
        }),
      version: VERSION,
      requestTimeout: { defaultMs: deadlineMs, maxMs: maxRequestTimeoutMs },
      apiKeys: { environment, pepper: apiKeyPepper },
      feed,
      announce: announcer.announce,
      longRequests: settings.longRequests,
    });
    opening.signal.throwIfAborted();
    const { url } = await http.listen(host, port);
    address = url;
    board.start();
    if (!opening.signal.aborted) sweeper = sweepRegularly(database, logger);
    logger.info('Service listens', { address, documentation: `${url}/docs`, environment });
  }

  async function shutDown(): Promise<void> {
    opening.abort(new Error('the service was closed while it opened'));
    sweeper?.stop();
    logger.info('Service shuts down', { shutdownTimeoutMs });
    const { cut } = (await http?.close(shutdownTimeoutMs)) ?? { cut: 0 };
    if (cut > 0) logger.warn('Requests were cut at the deadline of the shutdown', { cut, shutdownTimeoutMs });
    await board.close();
    await Promise.all([operations.close(), announcer.close(), feed.close()]);
    const { cut: cutConnections } = await manager.close();
    logger.info('Service has shut down', { cut, cutConnections });
  }

  return {
    async listen() {
      try {
        await open();
      } catch (error) {
        await board.close();
        await operations.close();
        await manager.close();
        throw error;
      }
    },
    close() {
      closing ??= shutDown();
      return closing;
    },
    get address() {
      return address;
    },
  };
}
