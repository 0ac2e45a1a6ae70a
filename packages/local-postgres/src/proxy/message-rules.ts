import type { Direction } from './message-scanner';

/** A whole message on its way through a proxy. */
export interface ProxyMessage {
  /** `frontend`: the client sent it. `backend`: the server did. */
  readonly direction: Direction;
  /**
   * The protocol's letter (`Q`, `P`, `B`, `E`, `S`, `C`, `Z`, …), which means something else in each direction, or
   * `Startup`, `SSLRequest`, `GSSENCRequest`, `CancelRequest`, `EncryptionAccepted`, `EncryptionRefused`.
   */
  readonly type: string;
  /** The SQL of a client's `Q` or `P`, the command tag of a server's `C`; undefined for all others. */
  readonly text: string | undefined;
  readonly connection: {
    /** Differs between all connections through all proxies of this process. */
    readonly id: number;
    /** 0 for the first connection that the proxy accepted, 1 for the second, … */
    readonly index: number;
  };
  /** 1 for the first message in this direction on this connection, 2 for the second, … */
  readonly ordinal: number;
}

/**
 * What is done about a message.
 * - `cut-before`: it is not passed on. What came before it is, then both sockets are reset (RST).
 * - `cut-after`: it is passed on, followed by the end of the stream (FIN), so its receiver gets the whole of it. Then
 *   its sender is reset, and hears nothing of what the receiver answers.
 * - `freeze`: it is held back, and the connection passes nothing on in either direction until `thaw()`.
 * - `freeze-after`: the same, but the message is passed on.
 *
 * A reset client sees ECONNRESET. Only if it had bytes left to read, Node.js reports the end of the connection instead.
 */
export type MessageVerdict = 'cut-before' | 'cut-after' | 'freeze' | 'freeze-after';

/** Looks at each message that goes through a proxy; a verdict stops it, and nothing lets it pass. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that only looks has no result
export type MessageHandler = (message: ProxyMessage) => MessageVerdict | undefined | void;

/** The handlers of a proxy, in the order they were added. */
export class MessageRules {
  readonly #handlers = new Set<{ readonly handle: MessageHandler }>();
  readonly #failures: unknown[] = [];

  get isEmpty(): boolean {
    return this.#handlers.size === 0;
  }

  /** Returns a function that removes the handler. */
  add(handle: MessageHandler): () => void {
    const entry = { handle };
    this.#handlers.add(entry);
    return () => {
      this.#handlers.delete(entry);
    };
  }

  /** The first verdict; undefined if there is none. A handler that throws has none, and is remembered. */
  judge(message: ProxyMessage): MessageVerdict | undefined {
    for (const { handle } of this.#handlers) {
      try {
        const verdict = handle(message);
        if (verdict !== undefined) return verdict;
      } catch (error) {
        this.#failures.push(error);
      }
    }
    return undefined;
  }

  /** @throws what the first handler that failed has thrown */
  throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
