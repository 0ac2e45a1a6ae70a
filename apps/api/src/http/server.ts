import type { LogFeed } from '@holdfast/db';
import type { Logger, Metrics } from '@holdfast/observability';
import fastify, { type FastifyInstance } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { Console } from '../console/console';
import type { Database } from '../database';
import type { Strain } from '../list-strains';
import type { Readiness } from '../probe-readiness';
import type { ApiKeyForm } from '../use-cases/create-api-key';
import { admitRequests } from './admission';
import { answerMalformedUrl, answerWithProblems } from './answer-with-problems';
import { identifyRequests, refuseStrangers } from './authentication';
import { limitBodies } from './body-timeout';
import type { ClientRates } from './client-rates';
import { documentRoutes } from './documentation';
import { Drain, type Drained } from './drain';
import { answerCompiler } from './encode-answers';
import { refuseAtGate } from './gate';
import { readJsonBodies } from './json-bodies';
import { KnownKeys } from './known-keys';
import { limitClients } from './limit-clients';
import { type ListenAddress, listenOn } from './listen';
import { LongRequests } from './long-requests';
import { answerExpectation, answerMalformedHttp, requireOneHost } from './malformed-http';
import type { Pressure } from './pressure';
import { readRequestId } from './request-id';
import { followRequests } from './request-log';
import { limitRequests, type RequestTimeoutOptions } from './request-timeout';
import { apiKeyRoutes } from './routes/api-key.routes';
import { appendRoutes } from './routes/append.routes';
import { CONSOLE_READS, consoleRoutes } from './routes/console.routes';
import { eventRoutes } from './routes/event.routes';
import { importRoutes, STREAMED_ROUTES } from './routes/import.routes';
import { logRoutes, TAIL_TIMING } from './routes/log.routes';
import { membershipRoutes } from './routes/membership.routes';
import { OPERATIONS_ROUTES, operationsRoutes } from './routes/operations.routes';
import { organizationRoutes } from './routes/organization.routes';
import { streamRoutes } from './routes/stream.routes';
import { userRoutes } from './routes/user.routes';

/** What the HTTP side is given. */
export interface HttpServerParts {
  readonly database: Database;
  /** Whether its role is bound by the policies. */
  readonly arePoliciesHeld: boolean;
  /** For what is about all organizations. */
  readonly operations: Database;
  readonly console: Console;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Resolves in bounded time when requests can be served; rejects with why they cannot. */
  readonly probe: () => Promise<Readiness>;
  readonly pressure: Pressure;
  readonly clientRates: ClientRates;
  /** Why the service serves less well than it could. */
  readonly listStrains: () => readonly Strain[];
  readonly version: string;
  readonly requestTimeout: RequestTimeoutOptions;
  readonly apiKeys: ApiKeyForm;
  /** Tells those who follow the log that there is more. */
  readonly feed: LogFeed;
  /** Called when events were committed. Returns at once. */
  readonly announce: () => void;
  /** Most of them at once. */
  readonly longRequests: { readonly tails: number; readonly imports: number };
}

export interface HttpServer {
  /** Requests are accepted; resolves to where. @throws ListenError */
  listen(host: string, port: number): Promise<ListenAddress>;
  /** No request is accepted any more, and those that ran were finished or, after the deadline, cut. */
  close(deadlineMs: number): Promise<Drained>;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** Longest a client may take to send a body, in ms. */
const BODY_TIMEOUT_MS = 60_000;
/** After which a key is looked for again though the policies judge it, in ms: its use is noted then, at most once a minute. */
const KEY_RECALLED_MS = 10_000;
/** When a place for a tail or an import may be free again, in ms. */
const LONG_RETRY_AFTER_MS = 5_000;
/** An aggregate type of 100 characters, each of them percent-encoded at its longest. */
const MAX_PARAMETER_LENGTH = 1_200;

/** Makes the HTTP server: routes, documentation, problems, request ids, logs and metrics. Opens no socket yet. */
export async function createHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    // Of bodies: see limitBodies.
    requestTimeout: 0,
    http: { requireHostHeader: false },
    genReqId: readRequestId,
    frameworkErrors: answerMalformedUrl,
    clientErrorHandler: answerMalformedHttp,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
  });
  app.server.on('checkExpectation', answerExpectation);
  // Fastify's own reader of plain text would hand a body to routes that only know JSON.
  app.removeContentTypeParser('text/plain');
  readJsonBodies(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(answerCompiler);
  const note = followRequests(app, parts.logger, parts.metrics);
  requireOneHost(app);
  limitBodies(app, { longestMs: BODY_TIMEOUT_MS, except: STREAMED_ROUTES });
  refuseAtGate(app, {
    pressure: parts.pressure,
    note,
    isDraining: () => drain.isDraining,
    maxParamLength: MAX_PARAMETER_LENGTH,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
  });
  const drain: Drain = new Drain(app, new Set([...OPERATIONS_ROUTES, ...CONSOLE_READS]));
  refuseStrangers(app);
  const knownKeys = new KnownKeys(parts.clientRates.settings.most, KEY_RECALLED_MS);
  limitClients(app, parts.clientRates, knownKeys);
  const hold = admitRequests(app, parts.pressure);
  const explain = identifyRequests(app, { ...parts, hold, knownKeys, pepper: parts.apiKeys.pepper });
  answerWithProblems(app, parts.logger, explain);
  await documentRoutes(app, parts.version);
  const tails = new LongRequests('tails', {
    most: parts.longRequests.tails,
    reason: 'saturated',
    retryAfterMs: LONG_RETRY_AFTER_MS,
  });
  const imports = new LongRequests('imports', {
    most: parts.longRequests.imports,
    reason: 'class-full',
    retryAfterMs: LONG_RETRY_AFTER_MS,
  });
  await registerRoutes(app, parts, { drain, tails, imports });
  await app.ready();
  return {
    listen: (host, port) => listenOn(app.server, host, port),
    async close(deadlineMs) {
      const draining = drain.run(deadlineMs);
      // From now on whoever comes back is sent to another instance.
      tails.drain();
      imports.drain();
      const drained = await draining;
      await app.close();
      return drained;
    },
  };
}

interface ServerState {
  readonly drain: Drain;
  readonly tails: LongRequests;
  readonly imports: LongRequests;
}

async function registerRoutes(
  app: FastifyInstance,
  parts: HttpServerParts,
  { drain, tails, imports }: ServerState,
): Promise<void> {
  const { database, metrics, probe, listStrains, requestTimeout, apiKeys, feed, announce } = parts;
  const databaseOf = limitRequests(app, database, requestTimeout);
  await app.register(organizationRoutes(databaseOf), { prefix: '/v1' });
  await app.register(userRoutes(databaseOf), { prefix: '/v1' });
  await app.register(membershipRoutes(databaseOf), { prefix: '/v1' });
  await app.register(apiKeyRoutes(databaseOf, apiKeys), { prefix: '/v1' });
  await app.register(eventRoutes(databaseOf, announce), { prefix: '/v1' });
  await app.register(appendRoutes(databaseOf, announce), { prefix: '/v1' });
  await app.register(importRoutes(databaseOf, { imports, announce }), { prefix: '/v1' });
  await app.register(logRoutes(databaseOf, { feed, tails, timing: TAIL_TIMING }), { prefix: '/v1' });
  await app.register(streamRoutes(databaseOf), { prefix: '/v1' });
  await app.register(consoleRoutes({ console: parts.console, database: parts.operations }));
  await app.register(operationsRoutes({ metrics, probe, listStrains, isDraining: () => drain.isDraining }));
}
