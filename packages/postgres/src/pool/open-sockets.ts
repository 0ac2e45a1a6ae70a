import type { ClientConfig } from 'pg';
import { PooledClient } from '../connection/pooled-client';
import type { Route } from '../connection/route';
import type { RemovalReason } from '../events/postgres-events';

/** The sockets of one pool: who is open, and how all of them close in bounded time. */
export class OpenSockets {
  readonly #clients = new Set<PooledClient>();
  readonly #route: Route | undefined;
  #onEmpty: () => void = () => {};

  /** @param route Where each connection leads. Default: to the server of the pool's configuration. */
  constructor(route?: Route) {
    this.#route = route;
  }

  /** Makes the client class of the pool; its clients are counted from their creation until their socket is closed. */
  createClientClass(): typeof PooledClient {
    const track = (client: PooledClient): void => {
      this.#clients.add(client);
      client.once('end', () => {
        this.#clients.delete(client);
        if (this.#clients.size === 0) this.#onEmpty();
      });
    };
    const route = this.#route;
    return class TrackedClient extends PooledClient {
      constructor(config?: string | ClientConfig) {
        const url = route?.nextUrl();
        super(url === undefined ? config : { ...(config as ClientConfig), connectionString: url });
        this.targetUrl = url;
        track(this);
        if (url !== undefined) this.once('end', () => this.identity ?? route?.failed(url));
      }
    };
  }

  /** Cuts the idle connections of which a suspicion holds. */
  cutIdle(isSuspect: (client: PooledClient) => boolean, reason: RemovalReason): void {
    this.cut((client) => client.idleSinceMs !== undefined && isSuspect(client), reason);
  }

  /** Cuts the connections of which a suspicion holds, whoever has or awaits them. */
  cut(isSuspect: (client: PooledClient) => boolean, reason: RemovalReason): void {
    for (const client of this.#clients) {
      if (!isSuspect(client)) continue;
      client.removal ??= reason;
      client.cut();
    }
  }

  /**
   * Every socket is closed: those still logging in at once, because nobody waits for them any more; the others when
   * they were asked to and did so, or when `limitMs` have passed. No timer is left.
   * @param onCut called for each that has to be cut, before any is.
   * @returns how many had to be cut.
   */
  async closeWithin(limitMs: number, onCut: (client: PooledClient) => void): Promise<number> {
    for (const client of this.#clients) if (!client.isReady || client.isSeparate) client.close();
    if (this.#clients.size === 0) return 0;
    let cut = 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        cut = this.#clients.size;
        this.#clients.forEach(onCut);
        for (const client of this.#clients) client.close();
      }, limitMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return cut;
  }
}
