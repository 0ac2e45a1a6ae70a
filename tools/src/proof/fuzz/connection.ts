import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Answer, isEndless, MalformedAnswerError, readAnswer } from './answer';
import type { FuzzRequest } from './request-draft';

/** What came back on the bytes of a request. */
export interface Exchange {
  readonly answers: readonly Answer[];
  /** What no answer of HTTP is; undefined where all was. */
  readonly malformed: string | undefined;
  /** Whether the service took longer than it may. */
  readonly isLate: boolean;
}

/** After so long without a byte a request that is not whole has got what it will get, in ms. */
const QUIET_MS = 150;

/** One connection after the other to a service: the same one as long as both sides leave it open. */
export class Connection {
  readonly #port: number;
  readonly #patienceMs: number;
  #socket: Socket | undefined;

  constructor(port: number, { patienceMs }: { readonly patienceMs: number }) {
    this.#port = port;
    this.#patienceMs = patienceMs;
  }

  /** Sends the bytes of a request and reads what comes back; never rejects for what the service does. */
  async send(request: FuzzRequest): Promise<Exchange> {
    if (!request.isWhole) this.close();
    const socket = await this.#open();
    const exchange = await exchangeOn(socket, request, this.#patienceMs);
    const last = exchange.answers.at(-1);
    const canGoOn =
      request.isWhole && last?.headers.get('connection') !== 'close' && !(last && isEndless(last));
    if (!canGoOn || exchange.malformed !== undefined || exchange.isLate) this.close();
    return exchange;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #open(): Promise<Socket> {
    if (this.#socket?.readyState === 'open') return this.#socket;
    this.close();
    const socket = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    socket.on('error', () => socket.destroy());
    this.#socket = socket;
    await once(socket, 'connect');
    return socket;
  }
}

function exchangeOn(socket: Socket, request: FuzzRequest, patienceMs: number): Promise<Exchange> {
  const answers: Answer[] = [];
  let pending: Buffer = Buffer.alloc(0);
  return new Promise((resolve) => {
    let isHalfClosed = false;
    const finish = (malformed?: string, isLate = false): void => {
      clearTimeout(patience);
      clearTimeout(quiet);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      resolve({ answers, malformed, isLate });
    };
    const onQuiet = (): void => {
      if (isHalfClosed) return;
      isHalfClosed = true;
      socket.end();
    };
    const onData = (chunk: Buffer): void => {
      if (!request.isWhole && !isHalfClosed) quiet.refresh();
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      try {
        for (;;) {
          const read = readAnswer(pending, request.method === 'HEAD');
          if (read === undefined) return;
          answers.push(read.answer);
          pending = pending.subarray(read.taken);
          if (isEndless(read.answer)) {
            finish();
            return;
          }
          if (request.isWhole) {
            finish(pending.length > 0 ? 'more than one answer' : undefined);
            return;
          }
          if (pending.length === 0) return;
        }
      } catch (error) {
        if (!(error instanceof MalformedAnswerError)) throw error;
        finish(error.message);
      }
    };
    const onEnd = (): void => finish(isCut(pending, isHalfClosed) ? 'an answer that was cut' : undefined);
    const patience = setTimeout(() => finish(undefined, true), patienceMs);
    const quiet = setTimeout(onQuiet, QUIET_MS);
    if (request.isWhole) clearTimeout(quiet);
    socket.on('data', onData).on('end', onEnd).on('close', onEnd);
    socket.write(request.bytes);
  });
}

/** Half of an answer. Who is told to continue and then says that nothing more will come gets no other answer than that. */
function isCut(pending: Buffer, isHalfClosed: boolean): boolean {
  return pending.length > 0 && !(isHalfClosed && /^HTTP\/1\.1 1\d\d/.test(pending.toString('latin1', 0, 12)));
}
