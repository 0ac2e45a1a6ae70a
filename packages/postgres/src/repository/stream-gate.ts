import type { QueryResult } from 'pg';
import type { Forward, StatementGate } from '../pool/statement-gate';

/** A statement was sent on a connection on which entities are streamed outside of a transaction. It was not run. */
export class StreamOpenError extends Error {
  override readonly name = 'StreamOpenError';
  readonly code = 'STREAM_OPEN';

  constructor() {
    super(
      'Entities are being streamed on this connection: end the stream first, send the statement on another connection, or do both in one transaction',
    );
  }
}

/**
 * Lets nothing through but the stream: other statements would be in the transaction of the stream, and gone with it, where they were meant to
 * stand for themselves.
 */
export class StreamGate implements StatementGate {
  readonly isInTransaction = false;
  #isOpen = false;

  /** What `send` sends before it returns is let through. */
  pass<T>(send: () => T): T {
    this.#isOpen = true;
    try {
      return send();
    } finally {
      this.#isOpen = false;
    }
  }

  defer(): undefined {
    return undefined;
  }

  send(_text: string, forward: Forward): Promise<QueryResult> {
    if (!this.#isOpen) throw new StreamOpenError();
    return forward();
  }

  submit(): never {
    throw new StreamOpenError();
  }
}
