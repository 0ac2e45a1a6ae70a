import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { LingeringClose } from './lingering-close';

/** The service is going down and takes no new request. */
export class ShuttingDownError extends Error {
  override readonly name = 'ShuttingDownError';
  readonly code = 'HOLDFAST_SHUTTING_DOWN';

  constructor() {
    super('the service is shutting down');
  }
}

/** What became of the requests that ran when the drain began. */
export interface Drained {
  /** Requests that were still unanswered at the deadline and lost their connection. */
  readonly cut: number;
}

/**
 * Follows the connections of a server, so that it can be closed without waiting for the idle ones and without losing
 * the busy ones. Node's own `closeIdleConnections` keeps those that were opened and never used.
 */
export class Drain {
  /** Every open connection, with the number of requests it waits to have answered. */
  readonly #connections = new Map<Socket, number>();
  readonly #server: Server;
  readonly #lingering: LingeringClose;
  #draining = false;

  /** @param stillAnswered routes that answer also while draining; all others refuse with ShuttingDownError. */
  constructor(app: FastifyInstance, stillAnswered: ReadonlySet<string>) {
    this.#server = app.server;
    this.#lingering = new LingeringClose(app.server);
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.set(socket, 0);
      socket.once('close', () => this.#connections.delete(socket));
    });
    // Before the request is handled: it may be answered within that.
    this.#server.prependListener('request', (request, response) => this.#follow(request.socket, response));
    // A connection that was busy when the drain began may bring another request.
    app.addHook('onRequest', ({ routeOptions }, _reply, done) => {
      if (!this.#draining || stillAnswered.has(routeOptions.url ?? '')) return done();
      done(new ShuttingDownError());
    });
    app.addHook('onSend', ({ raw }, reply, _payload, done) => {
      // Said before the last answer, it would throw away the answers that wait behind this one.
      if (this.#draining && this.#connections.get(raw.socket) === 1) reply.header('connection', 'close');
      done();
    });
  }

  /** True from the moment the service stops taking requests. */
  get isDraining(): boolean {
    return this.#draining;
  }

  /** The server is closed: it accepts nothing, what ran was finished, and what took longer than the deadline was cut. */
  async run(deadlineMs: number): Promise<Drained> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#lingering.hurry();
    for (const [socket, unanswered] of this.#connections) {
      if (unanswered === 0 && !this.#lingering.has(socket)) socket.destroy();
    }
    let cut = 0;
    const timer = setTimeout(() => {
      for (const [socket, unanswered] of this.#connections) {
        cut += unanswered;
        socket.destroy();
      }
    }, deadlineMs);
    await closed;
    clearTimeout(timer);
    return { cut };
  }

  #follow(socket: Socket, response: ServerResponse): void {
    this.#connections.set(socket, (this.#connections.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const unanswered = (this.#connections.get(socket) ?? 1) - 1;
      if (this.#connections.has(socket)) this.#connections.set(socket, unanswered);
      // The answer may still be on its way out: end the connection after it, not in the middle of it.
      if (this.#draining && unanswered === 0) socket.destroySoon();
    });
  }
}
