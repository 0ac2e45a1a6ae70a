import type { Socket } from 'node:net';
import type { MessageRules, MessageVerdict, ProxyMessage } from './message-rules';
import { type Direction, MessageScanner } from './message-scanner';
import { type Traffic, TurnTaking } from './traffic';

/** What a connection needs of its proxy. */
export interface ConnectionContext {
  readonly connection: ProxyMessage['connection'];
  readonly traffic: Traffic;
  readonly rules: MessageRules;
}

/** One direction of a connection. */
interface Lane {
  readonly direction: Direction;
  readonly source: Socket;
  readonly sink: Socket;
  readonly scanner: MessageScanner;
  messages: number;
  /** The sink has more to send than it may buffer. */
  isFull: boolean;
  /** Held back by a rule that froze the connection: what it has judged, then the rest of the chunk. */
  judged: Buffer | undefined;
  unread: Buffer | undefined;
  /** How the source has ended. */
  end: 'finished' | 'broken' | undefined;
}

/**
 * A client's socket and the server's, joined. Each chunk is passed on as it comes, except for the last part of a
 * message that a rule stops: without it, nobody can act on the parts before.
 */
export class ProxiedConnection {
  readonly #context: ConnectionContext;
  readonly #frontend: Lane;
  readonly #backend: Lane;
  readonly #turns = new TurnTaking();
  #state: 'passing' | 'frozen' | 'cut' = 'passing';
  /** Resolves when both sockets are closed. */
  readonly closed: Promise<void>;

  constructor(client: Socket, server: Socket, context: ConnectionContext) {
    this.#context = context;
    this.#frontend = createLane('frontend', client, server);
    this.#backend = createLane('backend', server, client);
    this.closed = Promise.all([this.#join(this.#frontend), this.#join(this.#backend)]).then(() => undefined);
  }

  /** Nothing passes any more, in either direction, and nobody is told. */
  freeze(): void {
    if (this.#state !== 'passing') return;
    this.#state = 'frozen';
    this.#steer();
  }

  /** What was held back is passed on, and so is what follows. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'passing';
    for (const lane of [this.#frontend, this.#backend]) this.#release(lane);
    this.#steer();
  }

  /** Both sockets are reset at once. */
  cut(): void {
    this.#state = 'cut';
    reset(this.#frontend.source);
    reset(this.#backend.source);
  }

  /** Both sockets are closed, without a reset. */
  destroy(): void {
    this.#state = 'cut';
    this.#frontend.source.destroy();
    this.#backend.source.destroy();
  }

  #join(lane: Lane): Promise<void> {
    lane.source.on('data', (chunk: Buffer) => this.#receive(lane, chunk));
    lane.source.on('end', () => this.#finish(lane, 'finished'));
    lane.sink.on('drain', () => {
      lane.isFull = false;
      this.#steer();
    });
    // Said again, and acted upon, by "close".
    lane.source.on('error', () => undefined);
    return new Promise((resolve) => {
      lane.source.once('close', (hadError) => {
        this.#finish(lane, hadError ? 'broken' : 'finished');
        resolve();
      });
    });
  }

  #receive(lane: Lane, chunk: Buffer): void {
    if (this.#state === 'cut') return;
    let start = 0;
    for (
      let end = lane.scanner.advance(chunk, start);
      end !== undefined;
      end = lane.scanner.advance(chunk, start)
    ) {
      const verdict = this.#meet(lane);
      if (verdict !== undefined) {
        this.#obey(verdict, lane, chunk, start, end);
        return;
      }
      start = end;
    }
    this.#pass(lane, chunk);
  }

  /** Counts the message that was found last, and asks what is to be done about it. */
  #meet(lane: Lane): MessageVerdict | undefined {
    const { direction } = lane;
    const { type } = lane.scanner;
    const { traffic, connection, rules } = this.#context;
    lane.messages += 1;
    traffic.addMessage(direction, type);
    if (this.#turns.isFirstAnswer(direction, type)) traffic.addRoundTrip();
    if (type === 'SSLRequest' || type === 'GSSENCRequest') this.#backend.scanner.expectEncryptionAnswer();
    if (type === 'EncryptionAccepted') this.#frontend.scanner.ignoreRest();
    // Describing a message costs more than passing it on.
    if (rules.isEmpty) return undefined;
    return rules.judge({
      direction,
      type,
      text: lane.scanner.readText(),
      connection,
      ordinal: lane.messages,
    });
  }

  /** The message's last part is `chunk` from `start` to `end`. */
  #obey(verdict: MessageVerdict, lane: Lane, chunk: Buffer, start: number, end: number): void {
    switch (verdict) {
      case 'cut-before':
        this.#state = 'cut';
        this.#passFinally(lane, chunk.subarray(0, start), () => this.cut());
        return;
      case 'cut-after':
        this.#state = 'cut';
        // From now on answers are read and dropped. Left unread they would keep the receiver from reading on.
        lane.sink.resume();
        this.#passFinally(lane, chunk.subarray(0, end), (error) => {
          if (error) return this.cut();
          lane.sink.end();
          reset(lane.source);
        });
        return;
      case 'freeze':
        this.#pass(lane, chunk.subarray(0, start));
        lane.judged = chunk.subarray(start, end);
        lane.unread = chunk.subarray(end);
        this.freeze();
        return;
      case 'freeze-after':
        this.#pass(lane, chunk.subarray(0, end));
        lane.unread = chunk.subarray(end);
        this.freeze();
        return;
      default:
        verdict satisfies never;
    }
  }

  #pass(lane: Lane, bytes: Buffer): void {
    if (bytes.length === 0 || !lane.sink.writable) return;
    this.#context.traffic.addBytes(lane.direction, bytes.length);
    if (lane.sink.write(bytes)) return;
    lane.isFull = true;
    this.#steer();
  }

  /** Calls back when the kernel has taken these bytes and all before them. */
  #passFinally(lane: Lane, bytes: Buffer, then: (error?: Error | null) => void): void {
    this.#context.traffic.addBytes(lane.direction, bytes.length);
    if (bytes.length === 0 && lane.sink.writableLength === 0 && !lane.sink.connecting) then();
    else lane.sink.write(bytes, then);
  }

  #release(lane: Lane): void {
    const { judged, unread } = lane;
    lane.judged = undefined;
    lane.unread = undefined;
    if (judged !== undefined) this.#pass(lane, judged);
    // A rule may freeze the connection again, or cut it.
    if (unread !== undefined) this.#receive(lane, unread);
    if (lane.end !== undefined) this.#finish(lane, lane.end);
  }

  /** The source has ended, and so the sink does, in the same way, unless nothing is passed on. */
  #finish(lane: Lane, end: 'finished' | 'broken'): void {
    if (lane.end !== 'broken') lane.end = end;
    if (this.#state !== 'passing') return;
    if (lane.end === 'broken') reset(lane.sink);
    else if (lane.sink.writable) lane.sink.end();
  }

  #steer(): void {
    if (this.#state === 'cut') return;
    for (const { source, isFull } of [this.#frontend, this.#backend]) {
      if (isFull || this.#state === 'frozen') source.pause();
      else source.resume();
    }
  }
}

function createLane(direction: Direction, source: Socket, sink: Socket): Lane {
  return {
    direction,
    source,
    sink,
    scanner: new MessageScanner(direction),
    messages: 0,
    isFull: false,
    judged: undefined,
    unread: undefined,
    end: undefined,
  };
}

function reset(socket: Socket): void {
  if (socket.destroyed) return;
  // A socket that has sent the end of its stream cannot be reset; libuv refuses.
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
