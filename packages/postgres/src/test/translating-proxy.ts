import { openTcpProxy, type TcpProxy } from './tcp-proxy';

const ENGLISH = Buffer.from('SERROR\0VERROR\0');
const GERMAN = Buffer.from('SFEHLER\0VERROR\0');
/** Bytes of the length that stands in front of the fields of a message. */
const LENGTH_BYTES = 4;

/** Passes everything on, with errors as a server with `lc_messages = 'de_DE'` says them. */
export interface TranslatingProxy extends TcpProxy {
  /** Errors that were translated. */
  readonly translated: number;
}

/**
 * Listens on a free port of 127.0.0.1. The servers of the tests have no translations, in which the severity of an error
 * (field S) is localised and the one for programs (field V) is not.
 */
export async function openTranslatingProxy(target: { readonly port: number }): Promise<TranslatingProxy> {
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
  const proxy = await openTcpProxy(target, (client, server) => {
    client.pipe(server);
    server.on('data', (chunk) => client.write(translate(chunk)));
  });
  return {
    ...proxy,
    get translated() {
      return translated;
    },
  };
}
