import type { PoolClient } from 'pg';

/**
 * One caller's hold on a client. A client is the same object for everybody who holds it in turn, and so is its
 * `release`: whoever gave it back twice would free it in the hands of the next. A lease passes everything on to the
 * client except `release`, which gives back this caller's hold alone and throws when that has been done.
 */
export function createLease(client: PoolClient): PoolClient {
  // pg-pool makes a new one for every caller; the client merely shows the latest.
  const release = client.release;
  return new Proxy(client, {
    get(target, name) {
      if (name === 'release') return release;
      const value: unknown = Reflect.get(target, name, target);
      // The client's private fields are not the proxy's. Its class is no method.
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}
