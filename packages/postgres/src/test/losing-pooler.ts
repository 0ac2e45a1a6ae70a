import { connect, createServer, type Socket } from 'node:net';

/** Passes everything on, until it is to lose the server. */
export interface LosingPooler extends AsyncDisposable {
  /** The same database, through it. */
  urlThrough(url: string): string;
  /** Whether a client has sent this. */
  hasPassed(sent: string): boolean;
  /**
   * The next time that a client sends this, everything reaches the server, and of its answers the client gets none: once they have come, the
   * pooler says that it has lost the server, as PgBouncer does, and hangs up.
   */
  loseAfter(sent: string): void;
}

const ERROR = Buffer.from('SFATAL\0VFATAL\0C08P01\0Mserver conn crashed?\0\0');

/** The message as PgBouncer writes it: it names no routine of the server's source. */
function renderError(): Buffer {
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(ERROR.length + 4, 1);
  return Buffer.concat([head, ERROR]);
}

/** Listens on a free port of 127.0.0.1. */
export async function openLosingPooler(target: { readonly port: number }): Promise<LosingPooler> {
  const sockets = new Set<Socket>();
  let wanted: string | undefined;
  const passed: string[] = [];
  const listener = createServer((client) => {
    const server = connect(target.port, '127.0.0.1');
    let isLosing = false;
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => {
      if (wanted !== undefined && chunk.includes(wanted)) {
        wanted = undefined;
        isLosing = true;
      }
      passed.push(chunk.toString('latin1'));
      server.write(chunk);
    });
    server.on('data', (chunk) => (isLosing ? client.end(renderError()) : client.write(chunk)));
    server.on('close', () => client.destroy());
    client.on('close', () => server.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    urlThrough: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    hasPassed: (sent) => passed.some((chunk) => chunk.includes(sent)),
    loseAfter(sent) {
      wanted = sent;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
