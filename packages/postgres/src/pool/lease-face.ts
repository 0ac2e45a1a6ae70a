import type { PoolClient } from 'pg';
import type { PooledClient } from '../connection/pooled-client';

/** Asks a face for its lease. A map with weak keys would cost the garbage collector more than all the rest of a lease does. */
export const LEASE = Symbol('lease');

/** What a lease does itself. */
interface Deeds {
  readonly query: unknown;
  readonly release: unknown;
}

/** What a caller holds: the client, except for what its lease does itself. */
export function createFace(client: PooledClient, lease: Deeds): PoolClient {
  return new Proxy(client as unknown as PoolClient, new LeaseHandler(lease));
}

/**
 * A caller that listens for the death of its connection would hear it twice: its next statement says it too, and says
 * why. TypeORM would even forget the cause: its query runner counts itself as released.
 */
const LISTENING = new Set<PropertyKey>([
  'on',
  'once',
  'addListener',
  'prependListener',
  'off',
  'removeListener',
]);

class LeaseHandler implements ProxyHandler<PoolClient> {
  readonly #lease: Deeds;

  constructor(lease: Deeds) {
    this.#lease = lease;
  }

  get(target: PoolClient, name: PropertyKey, face: PoolClient): unknown {
    if (name === 'query') return this.#lease.query;
    if (name === 'release') return this.#lease.release;
    if (name === LEASE) return this.#lease;
    const value: unknown = Reflect.get(target, name, target);
    // The client's private fields are not the proxy's. Its class is no method.
    if (typeof value !== 'function' || name === 'constructor') return value;
    if (!LISTENING.has(name)) return value.bind(target);
    return (event: string, listener: unknown) => {
      if (event !== 'error') value.call(target, event, listener);
      return face;
    };
  }

  set(target: PoolClient, name: PropertyKey, value: unknown): boolean {
    return Reflect.set(target, name, value, target);
  }
}
