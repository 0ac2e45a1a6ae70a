import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** How long a connection is read on from that has had its last answer. */
export interface LingerLimits {
  /** Longest in all, in ms. */
  readonly longestMs: number;
  /** Longest that nothing comes, in ms. */
  readonly idleMs: number;
  /** What is thrown away at most, in bytes. */
  readonly mostBytes: number;
  /** Longest in all once the server takes no connections any more, in ms. */
  readonly closingMs: number;
}

/** The times are those of nginx, the bytes those of the largest body. */
const LIMITS: LingerLimits = Object.freeze({
  longestMs: 30_000,
  idleMs: 5_000,
  mostBytes: 1024 * 1024 * 1024,
  closingMs: 1_000,
});

/**
 * Connections that the server ends are closed as RFC 9112, section 9.6, has it: after the last answer its own half, and the other one once the
 * client has closed it too. What comes meanwhile is thrown away and never looked at, be it the rest of a body or another request.
 * Closed at once, with bytes that nobody has read, a connection is reset, and a client that still sends loses the answer.
 */
export class LingeringClose {
  readonly #server: Server;
  readonly #limits: LingerLimits;
  /** When each of them is closed at the latest. */
  readonly #lingering = new Map<Socket, NodeJS.Timeout>();

  constructor(server: Server, limits: LingerLimits = LIMITS) {
    this.#server = server;
    this.#limits = limits;
    server.on('connection', (socket: Socket) => {
      // So Node ends a connection after its last answer; its own way is to destroy it as soon as that has been sent.
      socket.destroySoon = () => this.#linger(socket);
    });
  }

  /** Asks whether a connection has had its last answer. */
  has(socket: Socket): boolean {
    return this.#lingering.has(socket);
  }

  /** Who lingers has little time from now on. */
  hurry(): void {
    for (const [socket, timer] of this.#lingering) {
      clearTimeout(timer);
      this.#lingering.set(socket, this.#destroyAfter(socket, this.#limits.closingMs));
    }
  }

  #linger(socket: Socket): void {
    if (socket.destroyed || this.has(socket)) return;
    const { longestMs, idleMs, mostBytes, closingMs } = this.#limits;
    const isClosing = !this.#server.listening;
    this.#lingering.set(socket, this.#destroyAfter(socket, isClosing ? closingMs : longestMs));
    const idle = this.#destroyAfter(socket, idleMs);
    socket.once('close', () => {
      clearTimeout(idle);
      clearTimeout(this.#lingering.get(socket));
      this.#lingering.delete(socket);
    });
    // Where a body was not read on, the connection was paused; Node's own listener, which is lost below, starts it again.
    socket.emit('resume');
    // Node's parser gets nothing from here on, and so finds no request.
    socket.removeAllListeners('data').removeAllListeners('end');
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      idle.refresh();
      if (bytes > mostBytes) socket.destroy();
    });
    socket.resume();
    // Closed by both sides, it is destroyed by itself.
    socket.end();
  }

  #destroyAfter(socket: Socket, ms: number): NodeJS.Timeout {
    return setTimeout(() => socket.destroy(), ms).unref();
  }
}
