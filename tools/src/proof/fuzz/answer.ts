/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  /** By names in lower case; of several with one name the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What came is no answer of HTTP. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
  readonly code = 'MALFORMED_ANSWER';
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const STATUS_LINE = /^HTTP\/1\.1 (\d{3})(?: |$)/;
const HEADER = /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/i;
const ENDLESS = 'text/event-stream';

/** Asks whether an answer goes on for as long as its connection does: a stream of events. */
export function isEndless({ headers }: Pick<Answer, 'headers'>): boolean {
  return headers.get('content-type')?.startsWith(ENDLESS) === true;
}

/** An answer, and how many bytes it took of those that had come. */
export interface ReadAnswer {
  readonly answer: Answer;
  readonly taken: number;
}

/**
 * The first answer in what has come, past those that announce another one (1xx). Undefined while it is not whole. A stream of events
 * counts as read with its head.
 *
 * @param isHead whether it answers a HEAD, and so has no body.
 * @throws MalformedAnswerError
 */
export function readAnswer(bytes: Buffer, isHead: boolean): ReadAnswer | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(STATUS_LINE.exec(first)?.[1]);
  if (!Number.isInteger(status)) throw new MalformedAnswerError(`not a status: ${first.slice(0, 80)}`);
  const start = headEnd + HEAD_END.length;
  if (status < 200) {
    const next = readAnswer(bytes.subarray(start), isHead);
    return next && { ...next, taken: next.taken + start };
  }
  const headers = new Map(
    lines.map((line) => {
      const [, name, value] = HEADER.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new MalformedAnswerError('not a header');
      return [name.toLowerCase(), value] as const;
    }),
  );
  const body = readBody(bytes.subarray(start), headers, isHead || status === 204 || status === 304);
  return body && { answer: { status, headers, body: body.content }, taken: start + body.taken };
}

interface ReadBody {
  readonly content: Buffer;
  readonly taken: number;
}

function readBody(
  bytes: Buffer,
  headers: ReadonlyMap<string, string>,
  isEmpty: boolean,
): ReadBody | undefined {
  if (isEmpty || isEndless({ headers })) {
    return { content: Buffer.alloc(0), taken: 0 };
  }
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes);
  const length = Number(headers.get('content-length') ?? Number.NaN);
  if (!Number.isInteger(length)) throw new MalformedAnswerError('it says nowhere how long it is');
  return bytes.length < length ? undefined : { content: bytes.subarray(0, length), taken: length };
}

function readChunks(bytes: Buffer): ReadBody | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf(LINE_END, at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (Number.isNaN(size)) throw new MalformedAnswerError('not the size of a chunk');
    const start = lineEnd + LINE_END.length;
    const end = start + size + LINE_END.length;
    if (bytes.length < end) return undefined;
    if (size === 0) return { content: Buffer.concat(parts), taken: end };
    parts.push(bytes.subarray(start, start + size));
    at = end;
  }
}
