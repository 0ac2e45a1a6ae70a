/** Who sent a message: the client (`frontend`) or the server (`backend`). */
export type Direction = 'frontend' | 'backend';

const startPacketNames: ReadonlyMap<number, string> = new Map([
  [80_877_102, 'CancelRequest'],
  [80_877_103, 'SSLRequest'],
  [80_877_104, 'GSSENCRequest'],
]);

/** The first packets of a client have no type byte, only a length and a code. */
const startHeaderBytes = 8;
const headerBytes = 5;
/** PostgreSQL's own limit. What announces more is not a start-up packet (a TLS handshake, for one). */
const maximumStartPacketBytes = 10_000;

const typeNames = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/**
 * Finds where the messages of one direction of a connection end, over any division into chunks. It copies nothing but
 * headers that are torn apart, and never looks into a body unless asked for its text.
 *
 * Types are the protocol's letters (`Q`, `P`, `Z`, …). What has none is called `Startup`, `SSLRequest`, `GSSENCRequest`,
 * `CancelRequest` and, for the single byte that answers a request for encryption, `EncryptionAccepted` or
 * `EncryptionRefused`. After the former no more messages are found.
 */
export class MessageScanner {
  readonly #direction: Direction;
  readonly #header = Buffer.alloc(startHeaderBytes);
  /** Bytes of the next header, while it is not complete. */
  #headerLength = 0;
  #bodyLeft = 0;
  #inBody = false;
  #expected: 'start-packet' | 'encryption-answer' | 'message' | 'anything';
  #type = '';
  /** Where the body is: slices of earlier chunks, kept for types that have a text only. */
  #body: Buffer[] = [];

  constructor(direction: Direction) {
    this.#direction = direction;
    this.#expected = direction === 'frontend' ? 'start-packet' : 'message';
  }

  /** Type of the message that `advance` found last. */
  get type(): string {
    return this.#type;
  }

  /** The next byte is the answer to a request for encryption. */
  expectEncryptionAnswer(): void {
    this.#expected = 'encryption-answer';
  }

  /** What follows is encrypted: no more messages are found. */
  ignoreRest(): void {
    this.#expected = 'anything';
  }

  /**
   * Reads on from `offset` to the end of the next message, and returns the offset behind it. Undefined if the chunk
   * ends before; the message then goes on in the next one.
   */
  advance(chunk: Buffer, offset: number): number | undefined {
    let at = offset;
    if (!this.#inBody) {
      const bodyStart = this.#readHeader(chunk, at);
      if (bodyStart === undefined) return undefined;
      at = bodyStart;
      this.#body = [];
      this.#inBody = true;
    }
    const end = Math.min(chunk.length, at + this.#bodyLeft);
    if (this.#hasText()) this.#body.push(chunk.subarray(at, end));
    this.#bodyLeft -= end - at;
    if (this.#bodyLeft > 0) return undefined;
    this.#inBody = false;
    return end;
  }

  /** What the message found last says: the SQL of `Q` and `P`, the command tag of `C`; undefined for all others. */
  readText(): string | undefined {
    if (!this.#hasText()) return undefined;
    const body = Buffer.concat(this.#body);
    // A Parse message begins with the statement's name.
    const start = this.#type === 'P' ? body.indexOf(0) + 1 : 0;
    const end = body.indexOf(0, start);
    return body.toString('utf8', start, end === -1 ? body.length : end);
  }

  #hasText(): boolean {
    return this.#direction === 'frontend' ? this.#type === 'Q' || this.#type === 'P' : this.#type === 'C';
  }

  /** Resolves the header at `offset` and returns where the body begins. */
  #readHeader(chunk: Buffer, offset: number): number | undefined {
    if (this.#expected === 'anything' || offset === chunk.length) return undefined;
    if (this.#expected === 'encryption-answer') {
      const answer = typeNames[chunk[offset] ?? 0];
      this.#expected = answer === 'N' || answer === 'E' ? 'message' : 'anything';
      // A server that knows nothing of encryption answers with an ErrorResponse, which is an ordinary message.
      if (answer !== 'E') {
        this.#type = answer === 'N' ? 'EncryptionRefused' : 'EncryptionAccepted';
        this.#bodyLeft = 0;
        return offset + 1;
      }
    }
    const wanted = this.#expected === 'start-packet' ? startHeaderBytes : headerBytes;
    if (this.#headerLength === 0 && chunk.length - offset >= wanted) {
      return this.#takeHeader(chunk, offset) ? offset + wanted : undefined;
    }
    const copied = chunk.copy(this.#header, this.#headerLength, offset, offset + wanted - this.#headerLength);
    this.#headerLength += copied;
    if (this.#headerLength < wanted) return undefined;
    this.#headerLength = 0;
    return this.#takeHeader(this.#header, 0) ? offset + copied : undefined;
  }

  /** Whether it was a header; if not, this is no connection of the protocol in clear text. */
  #takeHeader(bytes: Buffer, offset: number): boolean {
    if (this.#expected === 'start-packet') {
      const length = bytes.readUInt32BE(offset);
      if (length < startHeaderBytes || length > maximumStartPacketBytes) return this.#giveUp();
      this.#type = startPacketNames.get(bytes.readUInt32BE(offset + 4)) ?? 'Startup';
      if (this.#type === 'Startup') this.#expected = 'message';
      this.#bodyLeft = length - startHeaderBytes;
      return true;
    }
    const length = bytes.readUInt32BE(offset + 1);
    if (length < headerBytes - 1) return this.#giveUp();
    this.#type = typeNames[bytes[offset] ?? 0] ?? '';
    this.#bodyLeft = length - (headerBytes - 1);
    return true;
  }

  #giveUp(): false {
    this.ignoreRest();
    return false;
  }
}
