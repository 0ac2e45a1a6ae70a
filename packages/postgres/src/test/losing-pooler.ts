import { openTcpProxy, type TcpProxy } from './tcp-proxy';

/** Passes everything on, until it is to lose the server. */
export interface LosingPooler extends TcpProxy {
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
  let wanted: string | undefined;
  const passed: string[] = [];
  const proxy = await openTcpProxy(target, (client, server) => {
    let isLosing = false;
    client.on('data', (chunk) => {
      if (wanted !== undefined && chunk.includes(wanted)) {
        wanted = undefined;
        isLosing = true;
      }
      passed.push(chunk.toString('latin1'));
      server.write(chunk);
    });
    server.on('data', (chunk) => (isLosing ? client.end(renderError()) : client.write(chunk)));
  });
  return {
    ...proxy,
    hasPassed: (sent) => passed.some((chunk) => chunk.includes(sent)),
    loseAfter(sent) {
      wanted = sent;
    },
  };
}
