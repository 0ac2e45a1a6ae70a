import { connect, createServer, type Socket } from 'node:net';

/** Stands between clients and a server, and passes on what it is told to. */
export interface TcpProxy extends AsyncDisposable {
  /** The same database, through the proxy. */
  urlThrough(url: string): string;
}

/**
 * Listens on a free port of 127.0.0.1.
 * @param join passes on what comes from either side of a connection; its end is passed on anyway.
 */
export async function openTcpProxy(
  target: { readonly port: number },
  join: (client: Socket, server: Socket) => void,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(target.port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    }
    join(client, server);
    server.on('close', () => client.destroy());
    client.on('close', () => server.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    urlThrough: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
