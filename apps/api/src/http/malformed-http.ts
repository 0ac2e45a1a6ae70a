import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEMS, problemType } from './problem-kinds';
import { PROBLEM_MEDIA_TYPE, type Problem } from './schemas/problem';

/** What Node's parser refuses, by its error codes; the rest is 400. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = Object.freeze({
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
});

/** Answers bytes that are no HTTP request, of which therefore nothing is known, and ends the connection. */
export function answerMalformedHttp({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_BY_CODE[code ?? ''] ?? PROBLEMS['malformed-request'].status;
  const problem: Problem = {
    type: problemType('malformed-request'),
    title: PROBLEMS['malformed-request'].title,
    status,
    detail: 'These bytes are not an HTTP request that this service accepts.',
    instance: '/',
    requestId: randomUUID(),
  };
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
