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
import { fingerprintOf, type KnownKeys } from './known-keys';
import { isOpenRoute } from './open-routes';
import { createOperatorIdentification } from './operator-identification';
import { type RequestTimeoutOptions, readLimitMs } from './request-timeout';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the key of a request must be allowed to do. */
    scope?: ApiKeyScope;
    /**
     * Whether each of its answers but problems holds what the policies of the database have let the key see or write: by that the key
     * can be used. Never so of a list, which may be empty. Default false.
     */
    provesKey?: true;
  }
  interface FastifyRequest {
    /** Who asks; undefined on routes that are open to all. */
    identity: Identity | undefined;
    /** The key that it brought, once that was found to have the form of one. */
    presentedKey: string | undefined;
    /** The name of that key; undefined before somebody has asked for it. */
    keyName: string | undefined;
    /** Whether its key is taken for what it was a while ago, and the policies of the database judge it. */
    isKeyAssumed: boolean;
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
  /** Is told what the database says of keys of clients. */
  readonly knownKeys: KnownKeys;
  /** Whether the policies of the database judge what keys may see and write. */
  readonly arePoliciesHeld: boolean;
}

/**
 * Tells why a request is refused that has failed with an error, and whose key was taken for good: for the error, or for the key, if that is no good or
 * cannot be looked for. Where it was not looked for, the next request with it does so. Never rejects.
 *
 * @param mayBeOfKey Whether the key may be why; else it is not looked for.
 */
export type ExplainRefusal = (
  request: FastifyRequest,
  error: unknown,
  mayBeOfKey: boolean,
) => Promise<unknown>;

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
  app.decorateRequest('keyName', undefined);
  app.decorateRequest('isKeyAssumed', false);
  app.addHook('onRoute', ({ url, method, config }) => {
    const name = `${[method].flat().join()} ${url}`;
    if (
      config?.provesKey &&
      (!isClientRoute(url) || config.scope === undefined || config.scope === 'operate')
    ) {
      throw new Error(`${name} proves no key: it is no route of clients with a scope that policies know`);
    }
    if (config?.scope !== undefined || isOpenRoute(url)) return;
    throw new Error(`${name} has no scope, and is not among the open routes`);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config?.scope !== undefined) readKey(request);
    done();
  });
}

/**
 * Whoever asks is known from here on, and may use the route. Behind the admission: to look for a key takes a statement.
 *
 * Where the policies of the database judge the key by what its request asks for, a key that was good lately is not looked for besides: that would be a
 * round trip of its own. Has it ended since, or lost the scope, the request sees and writes nothing, and its failure is explained.
 */
export function identifyRequests(app: FastifyInstance, parts: AuthenticationParts): ExplainRefusal {
  const { database, operations, pepper, requestTimeout, hold, knownKeys, arePoliciesHeld } = parts;
  const identifyOperator = createOperatorIdentification((key) => {
    const limited = operations.within(createDeadline(OPERATOR_PATIENCE_MS));
    return identifyApiKey(limited, { pepper, now: new Date() }, key);
  });
  const lookUps = new KeyLookUps(database, pepper);
  const leftMs = (request: FastifyRequest): number =>
    request.deadline === undefined
      ? readLimitMs(request, requestTimeout)
      : Math.max(1, request.deadline.remainingMs());
  const identify = async (request: FastifyRequest, scope: ApiKeyScope): Promise<Identity> => {
    const key = readKey(request);
    const isOfClient = isClientRoute(request.routeOptions.url);
    const askedAtMs = performance.now();
    const identity = await (isOfClient
      ? hold(request, () => lookUps.find(key, leftMs(request), request.id))
      : identifyOperator(key));
    if (isOfClient) knownKeys.note(nameKey(request), identity, askedAtMs);
    if (identity === null) throw new UnauthenticatedError(true);
    if (!mayUse(identity, scope)) throw new ScopeMissingError(scope);
    return identity;
  };
  const recall = (request: FastifyRequest, scope: ApiKeyScope): Identity | undefined => {
    const known = knownKeys.recall(nameKey(request), performance.now());
    return known !== undefined && mayUse(known, scope) ? known : undefined;
  };
  app.addHook('onRequest', (request, _reply, done) => {
    const { scope, provesKey = false } = request.routeOptions.config ?? {};
    if (scope === undefined) return done();
    request.identity = provesKey && arePoliciesHeld ? recall(request, scope) : undefined;
    request.isKeyAssumed = request.identity !== undefined;
    if (request.isKeyAssumed) return done();
    identify(request, scope).then((identity) => {
      request.identity = identity;
      done();
    }, done);
  });
  return async (request, error, mayBeOfKey) => {
    const { scope } = request.routeOptions.config;
    knownKeys.doubt(nameKey(request), performance.now());
    if (!mayBeOfKey || scope === undefined || request.raw.socket.destroyed) return error;
    try {
      await identify(request, scope);
      return error;
    } catch (refusal) {
      return refusal;
    }
  };
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

/** By what the key of a request is remembered. @throws UnauthenticatedError if it has none of the form of one. */
export function nameKey(request: FastifyRequest): string {
  request.keyName ??= fingerprintOf(readKey(request));
  return request.keyName;
}

/** The key that a request brings. @throws UnauthenticatedError if it has none of the form of one. */
function readKey(request: FastifyRequest): string {
  if (request.presentedKey !== undefined) return request.presentedKey;
  const { authorization } = request.headers;
  if (authorization === undefined) throw new UnauthenticatedError(false);
  const [, key] = BEARER.exec(authorization) ?? [];
  if (key === undefined || !isApiKeyText(key)) throw new UnauthenticatedError(true);
  request.presentedKey = key;
  return key;
}
