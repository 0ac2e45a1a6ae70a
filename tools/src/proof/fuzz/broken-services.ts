import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service that answers every request in one way. */
export interface FixedService extends AsyncDisposable {
  readonly port: number;
}

const PROBLEM = Object.freeze({
  type: '/problems/unknown-route',
  title: 'There is no such route',
  status: 404,
  detail: 'None.',
  instance: '/',
  requestId: 'fixed',
});

const UNREADABLE_BODY = JSON.stringify({ ...PROBLEM, type: '/problems/malformed-request', status: 400 });
const UNREADABLE = [
  'HTTP/1.1 400 Bad Request',
  'content-type: application/problem+json',
  `content-length: ${UNREADABLE_BODY.length}`,
  'connection: close',
  '',
  UNREADABLE_BODY,
].join('\r\n');

const answer =
  (status: number, mediaType: string, body: unknown) =>
  (response: ServerResponse): void => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': mediaType, 'content-length': Buffer.byteLength(text) });
    response.end(text);
  };

/** Nothing is wrong with it, as far as answers go: what it knows no route for it refuses. */
export const SOUND = answer(404, 'application/problem+json', PROBLEM);

/** What is wrong with each of these has to be found. */
export const FAULTS: Readonly<Record<string, (response: ServerResponse) => void>> = Object.freeze({
  'it fails': answer(500, 'application/problem+json', {
    ...PROBLEM,
    type: '/problems/internal',
    status: 500,
  }),
  'a status that is not documented': answer(418, 'application/problem+json', { ...PROBLEM, status: 418 }),
  'a refusal of another media type': answer(404, 'text/html', '<h1>Not found</h1>'),
  'a body that tells more than it should': answer(404, 'application/problem+json', {
    ...PROBLEM,
    stack: 'at line 1',
  }),
  'a body that is no JSON': answer(404, 'application/problem+json', '{"type":'),
  'a connection that it closes': (response) => response.destroy(),
  'an answer that is none': (response) => {
    response.socket?.end('HTTQ/1.1 OK\r\n\r\n');
  },
});

/** Opens a service that answers in that way. */
export async function openFixedService(respond: (response: ServerResponse) => void): Promise<FixedService> {
  const answerRequest = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    // Read first: an answer in the middle of a body would be lost with the connection.
    request.once('end', () => respond(response));
  };
  // Node answers some requests by itself, without a body.
  const server = createServer({ requireHostHeader: false }, answerRequest);
  server.on('checkExpectation', answerRequest);
  server.on('clientError', (_error, socket) => socket.end(UNREADABLE));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
