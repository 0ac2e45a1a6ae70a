import type { Direction } from './message-scanner';

/** What has gone through a proxy since it was opened, or since `resetCounts()`. */
export interface TrafficCounts {
  /** Whole messages that came from clients, by type. */
  readonly frontend: Readonly<Record<string, number>>;
  /** Whole messages that came from the server, by type. */
  readonly backend: Readonly<Record<string, number>>;
  /** Bytes passed on to the server. */
  readonly frontendBytes: number;
  /** Bytes passed on to clients. */
  readonly backendBytes: number;
  /** Connections accepted. */
  readonly connections: number;
  /**
   * How often clients waited for the server: how many flights of client messages it has begun to answer. On each
   * connection, a flight begins with a message of the client when it is the client's turn: every `Q`, `S` and `F`
   * before it has its `Z`, or the server has asked for COPY data. It ends with the first message of the server. So
   * statements written together are one flight, and what a client sends while answers are due belongs to no new one:
   * it did not wait. Messages up to a `S` or `H` belong to the flight of the first of them.
   */
  readonly roundTrips: number;
}

/** Counts the messages of all connections of a proxy. */
export class Traffic {
  #counts = emptyCounts();

  get counts(): TrafficCounts {
    return { ...this.#counts, frontend: { ...this.#counts.frontend }, backend: { ...this.#counts.backend } };
  }

  reset(): void {
    this.#counts = emptyCounts();
  }

  addConnection(): void {
    this.#counts.connections += 1;
  }

  addMessage(direction: Direction, type: string): void {
    const messages = this.#counts[direction];
    messages[type] = (messages[type] ?? 0) + 1;
  }

  addBytes(direction: Direction, bytes: number): void {
    this.#counts[`${direction}Bytes`] += bytes;
  }

  addRoundTrip(): void {
    this.#counts.roundTrips += 1;
  }
}

/** Each is answered with one ReadyForQuery: Query, Sync, FunctionCall. */
const requestEnds: ReadonlySet<string> = new Set(['Q', 'S', 'F']);
/** Parse, Bind, Describe, Execute, Close. */
const requestParts: ReadonlySet<string> = new Set(['P', 'B', 'D', 'E', 'C']);

/** Whose turn it is on one connection. */
export class TurnTaking {
  #inFlight = false;
  #answersDue = 0;
  #asksForData = false;
  /** The client has begun a request that it ends with Sync or Flush. */
  #isMidRequest = false;

  /** Takes the next message of the connection; true if it is the first answer to a flight of client messages. */
  isFirstAnswer(direction: Direction, type: string): boolean {
    if (direction === 'frontend') {
      const mayBegin = this.#answersDue === 0 && !this.#isMidRequest;
      if (mayBegin || this.#asksForData) this.#inFlight = true;
      if (requestEnds.has(type)) this.#answersDue += 1;
      this.#isMidRequest = requestParts.has(type);
      return false;
    }
    this.#asksForData = type === 'G' || type === 'W';
    if (type === 'Z' && this.#answersDue > 0) this.#answersDue -= 1;
    const first = this.#inFlight;
    this.#inFlight = false;
    return first;
  }
}

function emptyCounts() {
  const frontend: Record<string, number> = {};
  const backend: Record<string, number> = {};
  return { frontend, backend, frontendBytes: 0, backendBytes: 0, connections: 0, roundTrips: 0 };
}
