import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where a server accepts connections. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
}

/** The server cannot accept connections where it was told to. */
class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'HOLDFAST_LISTEN';

  constructor(
    readonly host: string,
    readonly port: number,
    options: { readonly cause: unknown },
  ) {
    super(`cannot listen on ${host}:${port}: ${reasonOf(options.cause)}`, options);
  }
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  EADDRINUSE: 'another process listens there already; stop it or choose another PORT',
  EADDRNOTAVAIL: 'this machine has no such address; choose another HOST',
  ENOTFOUND: 'the host name is not known; choose another HOST',
  EACCES: 'not allowed; choose a PORT from 1024 on',
});

function reasonOf(cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return (typeof code === 'string' ? REASONS[code] : undefined) ?? String(message);
}

/**
 * Connections that may wait to be accepted while the event loop turns. The system drops what comes beyond, and its client tries again after a
 * second or more: a burst would be refused late, and not by us. Linux keeps no more than net.core.somaxconn, by default 4096.
 */
const BACKLOG = 4_096;

/**
 * Listens on one address. Port 0 takes a free one.
 *
 * @throws ListenError, also when the server is closed before it listens.
 */
export async function listenOn(server: Server, host: string, port: number): Promise<ListenAddress> {
  const settled = new AbortController();
  const { signal } = settled;
  // Closed while the address is looked up, a server neither listens nor fails.
  const closed = once(server, 'close', { signal }).then(() => {
    throw new Error('the server was closed before it listened');
  });
  server.listen({ host, port, backlog: BACKLOG });
  try {
    await Promise.race([once(server, 'listening', { signal }), closed]);
  } catch (cause) {
    throw new ListenError(host, port, { cause });
  } finally {
    closed.catch(() => undefined);
    settled.abort();
  }
  const address = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return { host, port: address.port, url: `http://${shownHost}:${address.port}` };
}
