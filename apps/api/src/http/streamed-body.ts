import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Why the rest of a body cannot be read. */
type BodyFault =
  | 'malformed-gzip'
  | 'too-large'
  | 'compression-bomb'
  | 'too-slow'
  | 'client-gone'
  | 'shutting-down';

/** A body that is read as it comes ends before its end. */
export class StreamedBodyError extends Error {
  override readonly name = 'StreamedBodyError';
  readonly code = 'HOLDFAST_STREAMED_BODY';

  constructor(readonly fault: BodyFault) {
    super(`the rest of the body cannot be read: ${fault}`);
  }
}

/** What a body may be. */
export interface StreamedBodyLimits {
  /** After decompression. */
  readonly maxBytes: number;
  /** Bytes of a body for each of its bytes as they were sent. */
  readonly maxRatio: number;
  /** Longest that the client may send nothing while it is waited for, in ms. */
  readonly idleMs: number;
  /** Longest that it may come, in ms. */
  readonly longestMs: number;
}

/** So little that the beginning of an honest body may compress to nothing. */
const RATIO_COUNTS_FROM_BYTES = 10 * 1024 * 1024;

/**
 * The bytes of a body as they come, decompressed, until the signal aborts. Nothing is read before it is asked for.
 *
 * @throws StreamedBodyError
 */
export async function* readStreamedBody(
  raw: IncomingMessage,
  encoding: 'identity' | 'gzip',
  { maxBytes, maxRatio, idleMs, longestMs, signal }: StreamedBodyLimits & { readonly signal: AbortSignal },
): AsyncGenerator<Buffer, void, undefined> {
  const beganAtMs = performance.now();
  let sentBytes = 0;
  let bytes = 0;
  let failure: StreamedBodyError | undefined;
  const fail = (fault: BodyFault): StreamedBodyError => {
    failure ??= new StreamedBodyError(fault);
    return failure;
  };
  let source: Readable = raw;
  if (encoding === 'gzip') {
    const gunzip = createGunzip();
    raw.on('data', (chunk: Buffer) => {
      sentBytes += chunk.length;
    });
    const onClose = (): void => {
      if (!raw.readableEnded) gunzip.destroy(fail('client-gone'));
    };
    raw.once('close', onClose).once('error', () => gunzip.destroy(fail('client-gone')));
    source = raw.pipe(gunzip);
  }
  const iterator = source.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<Buffer>>((resolve, reject) => {
        const timer = setTimeout(() => reject(fail('too-slow')), idleMs);
        const stop = () => reject(fail('shutting-down'));
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop);
        iterator
          .next()
          .finally(() => {
            clearTimeout(timer);
            signal.removeEventListener('abort', stop);
          })
          .then(resolve, reject);
      });
      if (next.done === true) return;
      bytes += next.value.length;
      if (performance.now() - beganAtMs > longestMs) throw fail('too-slow');
      if (bytes > maxBytes) throw fail('too-large');
      const ratio = encoding === 'gzip' ? bytes / Math.max(1, sentBytes) : 1;
      if (bytes > RATIO_COUNTS_FROM_BYTES && ratio > maxRatio) throw fail('compression-bomb');
      yield next.value;
    }
  } catch {
    throw fail(encoding === 'gzip' && !raw.destroyed ? 'malformed-gzip' : 'client-gone');
  } finally {
    // It waits for bytes that may never come.
    iterator.return?.().catch(() => undefined);
    if (source !== raw) {
      raw.unpipe();
      source.destroy();
    }
  }
}
