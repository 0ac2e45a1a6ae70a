import { openTcpProxy, type TcpProxy } from './tcp-proxy';

/** How a pooler says that it has lost the server. */
export interface Farewell {
  /** How long after the server's answers, in ms. Default 0. */
  readonly afterMs?: number;
  /** Default `FATAL`. */
  readonly severity?: 'FATAL' | 'ERROR';
  /** What it does then. Default `hang up`. */
  readonly next?: 'hang up' | 'say nothing' | 'go on';
}

/** Passes everything on, until it is to lose the server. */
export interface LosingPooler extends TcpProxy {
  /** Whether a client has sent this. */
  hasPassed(sent: string): boolean;
  /**
   * The next time that a client sends this, everything reaches the server, and of its answers the client gets none: once they have come, the
   * pooler says that it has lost the server, as PgBouncer does.
   */
  loseAfter(sent: string, farewell?: Farewell): void;
}

/** The message as PgBouncer writes it: it names no routine of the server's source. */
function renderError(severity: string): Buffer {
  const body = Buffer.from(`S${severity}\0V${severity}\0C08P01\0Mserver conn crashed?\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Ready for the next statement, outside of a transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** Listens on a free port of 127.0.0.1. */
export async function openLosingPooler(target: { readonly port: number }): Promise<LosingPooler> {
  let wanted: { readonly sent: string; readonly farewell: Farewell } | undefined;
  const passed: string[] = [];
  const proxy = await openTcpProxy(target, (client, server) => {
    let losing: Farewell | undefined;
    let isSaid = false;
    client.on('data', (chunk) => {
      if (wanted !== undefined && chunk.includes(wanted.sent)) {
        losing = wanted.farewell;
        wanted = undefined;
      }
      passed.push(chunk.toString('latin1'));
      server.write(chunk);
    });
    const say = ({ severity = 'FATAL', next = 'hang up' }: Farewell): void => {
      client.write(renderError(severity));
      if (next === 'hang up') client.end();
      if (next !== 'go on') return;
      client.write(READY);
      losing = undefined;
    };
    server.on('data', (chunk) => {
      const farewell = losing;
      if (farewell === undefined) client.write(chunk);
      else if (!isSaid) setTimeout(() => say(farewell), farewell.afterMs ?? 0);
      isSaid = farewell !== undefined;
    });
  });
  return {
    ...proxy,
    hasPassed: (sent) => passed.some((chunk) => chunk.includes(sent)),
    loseAfter(sent, farewell = {}) {
      wanted = { sent, farewell };
    },
  };
}
