import { connect, createServer, type Socket } from 'node:net';

const ENGLISH = Buffer.from('SERROR\0VERROR\0');
const GERMAN = Buffer.from('SFEHLER\0VERROR\0');
/** Bytes of the length that stands in front of the fields of a message. */
const LENGTH_BYTES = 4;

/** Passes everything on, with errors as a server with `lc_messages = 'de_DE'` says them. */
export interface TranslatingProxy extends AsyncDisposable {
  /** The same database, through the proxy. */
  urlThrough(url: string): string;
  /** Errors that were translated. */
  readonly translated: number;
}

/**
 * Listens on a free port of 127.0.0.1. The servers of the tests have no translations, in which the severity of an error
 * (field S) is localised and the one for programs (field V) is not.
 */
export async function openTranslatingProxy(target: { readonly port: number }): Promise<TranslatingProxy> {
  const sockets = new Set<Socket>();
  let translated = 0;
  const translate = (chunk: Buffer): Buffer => {
    const at = chunk.indexOf(ENGLISH);
    if (at < LENGTH_BYTES) return chunk;
    translated += 1;
    const head = Buffer.from(chunk.subarray(0, at));
    const lengthAt = at - LENGTH_BYTES;
    head.writeInt32BE(head.readInt32BE(lengthAt) + GERMAN.length - ENGLISH.length, lengthAt);
    return Buffer.concat([head, GERMAN, chunk.subarray(at + ENGLISH.length)]);
  };
  const listener = createServer((client) => {
    const server = connect(target.port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    }
    client.pipe(server);
    server.on('data', (chunk) => client.write(translate(chunk)));
    server.on('close', () => client.destroy());
    client.on('close', () => server.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    urlThrough: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    get translated() {
      return translated;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
