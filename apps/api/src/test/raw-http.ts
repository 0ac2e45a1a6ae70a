import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { TEST_KEY } from './test-service';

/** The header of an operator. */
export const AUTHORIZATION = `authorization: Bearer ${TEST_KEY}`;

/** The head of a request that creates an organization, but for what says how long its body is. */
export const CREATE: readonly string[] = [
  'POST /v1/organizations HTTP/1.1',
  'host: x',
  AUTHORIZATION,
  'content-type: application/json',
];

/** Opens a connection to a service, for bytes that no client would send. */
export async function openSocket(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes as they are, and resolves with all that the service says until it closes the connection. */
export async function sendBytes(url: string, bytes: string | Buffer): Promise<string> {
  const socket = await openSocket(url);
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  return text(socket);
}

/** What a client heard, and whether its connection was reset. */
interface Heard {
  readonly said: string;
  readonly isReset: boolean;
}

/** Opens a connection that keeps what is said on it. */
export function listenTo(url: string): { readonly socket: Socket; readonly heard: Promise<Heard> } {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
  let said = '';
  let isReset = false;
  socket.setEncoding('latin1').on('data', (part) => {
    said += part;
  });
  socket.on('error', () => {
    isReset = true;
  });
  const heard = new Promise<Heard>((resolve) => socket.once('close', () => resolve({ said, isReset })));
  return { socket, heard };
}

/** Of a body of blanks, as large as a connection takes at once. */
export const BLANK_CHUNK = `10000\r\n${' '.repeat(0x10000)}\r\n`;

/** Sends all of a body of chunks before it reads anything, as many clients do; then reads until the other side closes. */
export async function sendBlindly(
  url: string,
  head: readonly string[],
  chunks: number,
  chunk: string | Buffer = BLANK_CHUNK,
): Promise<Heard> {
  const { socket, heard } = listenTo(url);
  socket.pause();
  socket.write(renderLines([...head, 'transfer-encoding: chunked']));
  for (let sent = 0; sent < chunks && !socket.destroyed; sent += 1) {
    await new Promise((resolve) => socket.write(chunk, resolve));
  }
  socket.write('0\r\n\r\n');
  socket.once('end', () => socket.end()).resume();
  return heard;
}

/** A request of these lines and, behind them, this body. */
export function renderLines(lines: readonly string[], body = ''): string {
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** The statuses of all answers in what a service said. */
export function listStatuses(said: string): readonly number[] {
  return [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
