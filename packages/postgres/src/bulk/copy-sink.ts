import type { Socket } from 'node:net';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Interruption } from './interruption';

/** Sent to the server, which logs it: it must not carry what the producer of the rows had to say. */
const REASON = 'ended by the client';

/**
 * The receiving end of one COPY … FROM STDIN. One chunk is under way at a time, because pg-copy-streams touches a
 * connection it has let go of when a chunk is still queued after the server ended the COPY.
 */
export class CopySink {
  readonly #stream: ReturnType<typeof copyFrom>;
  readonly #interruption: Interruption;
  readonly #ended: Promise<void>;
  #failure: Error | undefined;
  #isStarted = false;
  #isFinishing = false;

  /** The interruption is told when the server or the connection ends the COPY. */
  constructor(client: ClientBase, sql: string, interruption: Interruption) {
    this.#stream = copyFrom(sql);
    this.#interruption = interruption;
    this.#ended = new Promise((resolve) => {
      this.#stream.once('finish', resolve);
      // The server's refusal and the loss of the connection alike; a second error would tell nothing new.
      this.#stream.on('error', (error) => {
        this.#failure ??= error;
        resolve();
        interruption.interrupt(error);
      });
    });
    client.query(this.#stream);
  }

  /** Why the COPY ended without success. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when the chunk is in the socket and the socket wants more. @throws what interrupts the COPY. */
  async write(chunk: Buffer): Promise<void> {
    await this.#interruption.guard(
      new Promise<void>((resolve) => this.#stream.write(chunk, () => resolve())),
    );
    this.#isStarted = true;
  }

  /** Resolves with the number of rows when the server has them all; it cannot be interrupted any more. */
  async finish(): Promise<number> {
    this.#isFinishing = true;
    this.#stream.end();
    await this.#ended;
    if (this.#failure) throw this.#failure;
    return this.#stream.rowCount;
  }

  /**
   * Ends the COPY so that nothing is written, and resolves when the connection can be used again or is closed. A server
   * that has not even answered the COPY, because it waits for a lock, would not hear of it: that connection is closed.
   */
  async abandon(): Promise<void> {
    if (this.#failure || this.#isFinishing) return;
    const { connection } = this.#stream as { readonly connection?: { readonly stream: Socket } };
    if (connection && !this.#isStarted) connection.stream.destroy();
    else this.#stream.destroy(new Error(REASON));
    await this.#ended;
  }
}
