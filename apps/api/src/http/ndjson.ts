/** Media type of values of JSON, one a line. */
export const NDJSON_MEDIA_TYPE = 'application/x-ndjson';

/** A line of a body, or why it has no text. */
export interface NumberedLine {
  /** From 1; empty lines count, and are left out. */
  readonly line: number;
  readonly text: string | undefined;
  readonly fault?: 'line-too-long' | 'malformed-json';
}

const NEWLINE = 0x0a;

/**
 * The lines of a body, those of a chunk at once. A line that is too long is passed over without being kept; one that is not UTF-8 is
 * no JSON.
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  maxLineBytes: number,
): AsyncGenerator<NumberedLine[], void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let parts: Buffer[] = [];
  let length = 0;
  let line = 0;
  const add = (part: Buffer): void => {
    length += part.length;
    if (length <= maxLineBytes) parts.push(part);
    else parts = [];
  };
  const finish = (): NumberedLine | undefined => {
    line += 1;
    const isTooLong = length > maxLineBytes;
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [];
    length = 0;
    if (isTooLong) return { line, text: undefined, fault: 'line-too-long' };
    try {
      const text = decoder.decode(bytes);
      return text.trim() === '' ? undefined : { line, text };
    } catch {
      return { line, text: undefined, fault: 'malformed-json' };
    }
  };
  for await (const chunk of chunks) {
    const lines: NumberedLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, at));
      const finished = finish();
      if (finished !== undefined) lines.push(finished);
      from = at + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  const last = length > 0 ? finish() : undefined;
  if (last !== undefined) yield [last];
}
