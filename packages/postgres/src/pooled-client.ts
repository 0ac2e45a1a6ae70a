import { performance } from 'node:perf_hooks';
import pg from 'pg';

/** A node-postgres client that knows its age and can be cut off, and whose death never ends the process. */
export class PooledClient extends pg.Client {
  /** Monotonic, in milliseconds. */
  readonly createdAtMs = performance.now();
  #isReady = false;
  #isDoomed = false;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // A checked-out client that loses its connection emits `error`, and without a listener Node ends the process.
    // Queries and the pool hear of the loss on their own.
    this.on('error', ignore);
    this.once('connect', () => {
      this.#isReady = true;
    });
    const watch = (message: ServerMessage): void => {
      if (endsSession(message)) this.#isDoomed = true;
    };
    this.connection.on('errorMessage', watch);
    this.connection.on('notice', watch);
  }

  /** Whether the login has succeeded. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether the server has announced that it ends this session. The socket closes a moment later. */
  get isDoomed(): boolean {
    return this.#isDoomed;
  }

  /** The socket is gone at once; a running query fails. */
  cut(): void {
    this.connection.stream.destroy();
  }

  /** As `cut`, and what fails by it is told that this side closed the connection. */
  close(): void {
    this.end(ignore);
    this.cut();
  }
}

/** What an error or notice of the server says about itself. */
interface ServerMessage {
  readonly severity?: string;
  readonly code?: string;
}

/** An immediate stop or a crash announces itself as a mere warning; every other end of a session is a FATAL. */
function endsSession({ severity, code }: ServerMessage): boolean {
  return severity === 'FATAL' || severity === 'PANIC' || code === '57P01' || code === '57P02';
}

function ignore(): void {}
