import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
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
  if (code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (!socket.writable) {
    socket.destroySoon();
    return;
  }
  const status = STATUS_BY_CODE[code ?? ''] ?? PROBLEMS['malformed-request'].status;
  const body = renderProblem(status, 'These bytes are not an HTTP request that this service accepts.');
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** A request names no host, or several. */
class HostError extends Error {
  override readonly name = 'HostError';
  readonly code = 'HOLDFAST_HOST';
  readonly statusCode = 400;

  constructor() {
    super('a request names one host');
  }
}

/**
 * Requests that do not name one host are refused, as RFC 9112 wants: whatever stands in front may have gone by another one of several
 * than the service. Node's own check knows only of none, and answers without a word.
 */
export function requireOneHost(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw: { rawHeaders, httpVersion } }, _reply, done) => {
    let hosts = 0;
    for (let at = 0; at < rawHeaders.length; at += 2) if (isHost(rawHeaders[at])) hosts += 1;
    if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0')) return done(new HostError());
    done();
  });
}

const isHost = (name: string | undefined): boolean => name?.length === 4 && name.toLowerCase() === 'host';

const EXPECTATION_FAILED = 417;

/** Answers a request that expects of the service what it does not know: anything but to be told to continue. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = renderProblem(
    EXPECTATION_FAILED,
    'Of all expectations this service meets `100-continue` alone.',
  );
  response.writeHead(EXPECTATION_FAILED, {
    'content-type': PROBLEM_MEDIA_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}

function renderProblem(status: number, detail: string): string {
  const problem: Problem = {
    type: problemType('malformed-request'),
    title: PROBLEMS['malformed-request'].title,
    status,
    detail,
    instance: '/',
    requestId: randomUUID(),
  };
  return JSON.stringify(problem);
}
