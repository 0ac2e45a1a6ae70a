import type { ApiKeyScope } from '@holdfast/db';
import { createDeadline } from '@holdfast/resilience';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isApiKeyText } from '../api-key-text';
import type { Database } from '../database';
import type { Identity } from '../identity';
import { identifyApiKey } from '../use-cases/identify-api-key';
import type { Hold } from './admission';
import { isClientRoute } from './client-routes';
import { KeyLookUps } from './key-look-ups';
import type { KnownKeys } from './known-keys';
import { isOpenRoute } from './open-routes';
import { createOperatorIdentification } from './operator-identification';
import { type RequestTimeoutOptions, readLimitMs } from './request-timeout';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the key of a request must be allowed to do. */
    scope?: ApiKeyScope;
  }
  interface FastifyRequest {
    /** Who asks; undefined on routes that are open to all. */
    identity: Identity | undefined;
    /** The key that it brought, once that was found to have the form of one. */
    presentedKey: string | undefined;
  }
}

/** No key came with the request, or none that can be used now. */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError';
  readonly code = 'HOLDFAST_UNAUTHENTICATED';

  constructor(
    /** Whether something came that should have been a key. */
    readonly isPresented: boolean,
  ) {
    super(isPresented ? 'the key cannot be used' : 'the request has no key');
  }
}

/** The key is not allowed to do what the route does. */
export class ScopeMissingError extends Error {
  override readonly name = 'ScopeMissingError';
  readonly code = 'HOLDFAST_SCOPE_MISSING';

  constructor(readonly scope: ApiKeyScope) {
    super(`the key has not the scope ${scope}`);
  }
}

/** What keys are identified with. */
export interface AuthenticationParts {
  readonly database: Database;
  /** On connections of its own: operators are known also while requests hold all others. */
  readonly operations: Database;
  readonly pepper: string;
  readonly requestTimeout: RequestTimeoutOptions;
  readonly hold: Hold;
  /** Is told what the database says of keys of clients; undefined where nobody wants to know. */
  readonly knownKeys: KnownKeys | undefined;
}

/** Longest that an operator's key is asked for, in ms: what is known of it must do then, so that the console answers. */
const OPERATOR_PATIENCE_MS = 1_000;

const BEARER = /^bearer +(\S+) *$/i;

/**
 * No route is reached by accident: each has a scope, or is on the list of those that are open. A request to one with a scope
 * that brings nothing of the form of a key is refused before anything is done for it.
 */
export function refuseStrangers(app: FastifyInstance): void {
  app.decorateRequest('identity', undefined);
  app.decorateRequest('presentedKey', undefined);
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config?.scope !== undefined || isOpenRoute(url)) return;
    throw new Error(`${[method].flat().join()} ${url} has no scope, and is not among the open routes`);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config?.scope !== undefined) readKey(request);
    done();
  });
}

/**
 * Whoever asks is known from here on, and may use the route. Behind the admission: to look for a key takes a statement.
 */
export function identifyRequests(app: FastifyInstance, parts: AuthenticationParts): void {
  const { database, operations, pepper, requestTimeout, hold, knownKeys } = parts;
  const identifyOperator = createOperatorIdentification((key) => {
    const limited = operations.within(createDeadline(OPERATOR_PATIENCE_MS));
    return identifyApiKey(limited, { pepper, now: new Date() }, key);
  });
  const lookUps = new KeyLookUps(database, pepper);
  app.addHook('onRequest', (request, _reply, done) => {
    const { scope } = request.routeOptions.config ?? {};
    if (scope === undefined) return done();
    const key = readKey(request);
    const isOfClient = isClientRoute(request.routeOptions.url);
    const identified = isOfClient
      ? hold(request, () => lookUps.find(key, readLimitMs(request, requestTimeout), request.id))
      : identifyOperator(key);
    identified.then((identity) => {
      if (isOfClient && request.isKeyKnown !== (identity !== null)) knownKeys?.note(key, identity !== null);
      if (identity === null) return done(new UnauthenticatedError(true));
      if (!mayUse(identity, scope)) return done(new ScopeMissingError(scope));
      request.identity = identity;
      done();
    }, done);
  });
}

/** Who asks. @throws if the route is open to all. */
export function identityOf({ identity, routeOptions }: FastifyRequest): Identity {
  if (identity === undefined) throw new Error(`${routeOptions.url} knows of nobody who asks`);
  return identity;
}

/** What operates the service is about all organizations: no key of one of them reaches it. */
function mayUse({ scopes, organizationId }: Identity, scope: ApiKeyScope): boolean {
  return scopes.includes(scope) && (scope !== 'operate' || organizationId === null);
}

/** The key that a request brings. @throws UnauthenticatedError if it has none of the form of one. */
export function readKey(request: FastifyRequest): string {
  if (request.presentedKey !== undefined) return request.presentedKey;
  const { authorization } = request.headers;
  if (authorization === undefined) throw new UnauthenticatedError(false);
  const [, key] = BEARER.exec(authorization) ?? [];
  if (key === undefined || !isApiKeyText(key)) throw new UnauthenticatedError(true);
  request.presentedKey = key;
  return key;
}
