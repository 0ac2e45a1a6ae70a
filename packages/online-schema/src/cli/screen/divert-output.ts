type Write = NodeJS.WriteStream['write'];

/**
 * From now on whatever is written to the stream is taken instead: what a migration prints would otherwise be drawn over.
 *
 * @returns the stream as it was, for who draws; disposed of, everybody writes to it again.
 */
export function divertOutput(
  stream: NodeJS.WriteStream,
  take: (text: string) => void,
): Disposable & { readonly stream: NodeJS.WriteStream } {
  const { write } = stream;
  const taking = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
  stream.write = taking as Write;
  return {
    stream: Object.create(stream, { write: { value: write.bind(stream) } }),
    [Symbol.dispose]() {
      if (stream.write === taking) stream.write = write;
    },
  };
}
