import { connect, createServer, type Socket } from 'node:net';
import { type MessageHandler, MessageRules } from './message-rules';
import { ProxiedConnection } from './proxied-connection';
import { Traffic, type TrafficCounts } from './traffic';

/** Where a proxy leads: asked at each new connection, so a server may come back on another port. */
export type ProxyTarget = { readonly port: number } | (() => number);

/** A TCP proxy in front of a PostgreSQL server, which counts messages and breaks connections at chosen ones. */
export interface PostgresProxy extends AsyncDisposable {
  /** The port of 127.0.0.1 it listens on. */
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** What has gone through since `resetCounts()`; a copy, which does not change later. */
  readonly counts: TrafficCounts;
  resetCounts(): void;
  /** The same user, password and database, reached through this proxy. */
  urlThrough(url: string): string;
  /**
   * The handler is called with every whole message from now on, in both directions, before its last byte is passed on.
   * Of several handlers the first that returns a verdict decides. One that throws lets the message pass; `close()`
   * rejects with what it threw. Returns a function that removes the handler.
   */
  onMessage(handler: MessageHandler): () => void;
  /** No connection passes bytes any more, new ones included, and none is closed: a network that swallows packets. */
  freeze(): void;
  /** All connections pass bytes again, also those that a rule froze, beginning with what was held back. */
  thaw(): void;
  /** Every open connection is reset on both sides. */
  cut(): void;
  /** Whether new connections are reset as soon as they are accepted. */
  refuse(refused: boolean): void;
  /**
   * Nothing listens any more and every socket is closed. Calling it again does nothing.
   * @throws what a handler threw, if one did
   */
  close(): Promise<void>;
}

let nextId = 1;

/** A proxy listens on a free port of 127.0.0.1 and forwards to the target's port there. */
export async function openProxy(target: ProxyTarget): Promise<PostgresProxy> {
  const connections = new Set<ProxiedConnection>();
  const rules = new MessageRules();
  const traffic = new Traffic();
  let accepted = 0;
  let isFrozen = false;
  let isRefusing = false;

  const accept = (client: Socket): void => {
    client.on('error', () => undefined);
    if (isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: readPort(target), host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const connection = new ProxiedConnection(client, server, {
      connection: { id: nextId, index: accepted },
      traffic,
      rules,
    });
    nextId += 1;
    accepted += 1;
    traffic.addConnection();
    connections.add(connection);
    if (isFrozen) connection.freeze();
    void connection.closed.then(() => connections.delete(connection));
  };

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const stopped = new Promise((resolve) => listener.close(resolve));
    const ended = [...connections].map(({ closed }) => closed);
    for (const connection of connections) connection.destroy();
    await Promise.all([stopped, ...ended]);
    rules.throwFailure();
  };
  const closeOnce = () => {
    closing ??= close();
    return closing;
  };

  return {
    port,
    get connections() {
      return connections.size;
    },
    get counts() {
      return traffic.counts;
    },
    resetCounts: () => traffic.reset(),
    urlThrough: (url) => {
      const through = new URL(url);
      through.host = `127.0.0.1:${port}`;
      return through.href;
    },
    onMessage: (handler) => rules.add(handler),
    freeze: () => {
      isFrozen = true;
      for (const connection of connections) connection.freeze();
    },
    thaw: () => {
      isFrozen = false;
      for (const connection of connections) connection.thaw();
    },
    cut: () => {
      for (const connection of connections) connection.cut();
    },
    refuse: (refused) => {
      isRefusing = refused;
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

function readPort(target: ProxyTarget): number {
  return typeof target === 'function' ? target() : target.port;
}
