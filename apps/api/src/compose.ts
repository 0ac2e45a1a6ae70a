import type { Writable } from 'node:stream';
import { createDataSource } from '@holdfast/db';
import { createLogger, createMetrics } from '@holdfast/observability';
import { closeDataSource, openDataSource, readPoolStats } from '@holdfast/postgres';
import { createHttpServer, type HttpServer } from './http/server';
import { probeReadiness } from './probe-readiness';
import type { ServiceSettings } from './settings';
import { createUnitOfWork } from './unit-of-work';

/** The running service. */
export interface Service {
  /**
   * Connects to the database, then accepts requests. After a failure nothing is left open.
   *
   * @throws DatabaseConnectionError, ListenError
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

/** Wires the service. Opens nothing: that is done by `listen`. */
export function createService(settings: ServiceSettings, { logStream }: ServiceOptions = {}): Service {
  const { host, port, logLevel, logFormat, shutdownTimeoutMs, environment, variables } = settings;
  const logger = createLogger({
    level: logLevel,
    format: logFormat,
    service: 'holdfast-api',
    ...(logStream && { stream: logStream }),
  });
  const dataSource = createDataSource(environment, variables, { logger });
  const opening = new AbortController();
  let http: HttpServer | undefined;
  let address: string | undefined;
  let closing: Promise<void> | undefined;

  async function open(): Promise<void> {
    await openDataSource(dataSource, { logger, signal: opening.signal });
    http = await createHttpServer({
      database: createUnitOfWork(dataSource, logger),
      logger,
      metrics: createMetrics({ readPool: () => readPoolStats(dataSource) }),
      probe: () => probeReadiness(dataSource, logger),
      version: VERSION,
    });
    opening.signal.throwIfAborted();
    const { url } = await http.listen(host, port);
    address = url;
    logger.info('Service listens', { address, documentation: `${url}/docs`, environment });
  }

  async function shutDown(): Promise<void> {
    opening.abort(new Error('the service was closed while it opened'));
    logger.info('Service shuts down', { shutdownTimeoutMs });
    const { cut } = (await http?.close(shutdownTimeoutMs)) ?? { cut: 0 };
    if (cut > 0) logger.warn('Requests were cut at the deadline of the shutdown', { cut, shutdownTimeoutMs });
    await closeDataSource(dataSource);
    logger.info('Service has shut down', { cut });
  }

  return {
    async listen() {
      try {
        await open();
      } catch (error) {
        await closeDataSource(dataSource);
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
