import fc from 'fast-check';
import { type Direction, MessageScanner } from './message-scanner';

interface Found {
  readonly type: string;
  readonly text: string | undefined;
  /** Where the message ends in the whole stream. */
  readonly end: number;
}

function message(type: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  const header = Buffer.alloc(5);
  header.write(type, 'latin1');
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

function startPacket(code: number, body = ''): Buffer {
  const packet = Buffer.alloc(8 + body.length);
  packet.writeInt32BE(packet.length, 0);
  packet.writeInt32BE(code, 4);
  packet.write(body, 8);
  return packet;
}

const startup = startPacket(196_608, 'user\0holdfast\0\0');
const sslRequest = startPacket(80_877_103);

function scan(chunks: readonly Buffer[], scanner: MessageScanner): Found[] {
  const found: Found[] = [];
  let before = 0;
  for (const chunk of chunks) {
    for (let end = scanner.advance(chunk, 0); end !== undefined; end = scanner.advance(chunk, end)) {
      found.push({ type: scanner.type, text: scanner.readText(), end: before + end });
    }
    before += chunk.length;
  }
  return found;
}

/** The stream, torn at the given places. */
function tear(stream: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set([0, ...places.map((place) => place % stream.length), stream.length])].sort(
    (a, b) => a - b,
  );
  return cuts.slice(1).map((end, index) => stream.subarray(cuts[index], end));
}

const streams: Readonly<Record<Direction, Buffer>> = {
  frontend: Buffer.concat([
    sslRequest,
    startup,
    message('p', 'secret\0'),
    message('Q', "SELECT 'ä'\0"),
    message('P', 'name\0', 'INSERT INTO t VALUES ($1)\0', Buffer.from([0, 0])),
    message('B', Buffer.alloc(300)),
    message('S'),
    message('X'),
  ]),
  backend: Buffer.concat([
    message('R', Buffer.alloc(4)),
    message('D', Buffer.alloc(300)),
    message('C', 'INSERT 0 1\0'),
    message('Z', 'I'),
    message('S', 'TimeZone\0UTC\0'),
  ]),
};

describe('MessageScanner', () => {
  it('names every message and reads the text of statements and command tags only', () => {
    expect(scan([streams.frontend], new MessageScanner('frontend'))).toMatchObject([
      { type: 'SSLRequest', text: undefined },
      { type: 'Startup', text: undefined },
      { type: 'p', text: undefined },
      { type: 'Q', text: "SELECT 'ä'" },
      { type: 'P', text: 'INSERT INTO t VALUES ($1)' },
      { type: 'B', text: undefined },
      { type: 'S', text: undefined },
      { type: 'X', text: undefined, end: streams.frontend.length },
    ]);
    expect(scan([streams.backend], new MessageScanner('backend'))).toMatchObject([
      { type: 'R', text: undefined },
      { type: 'D', text: undefined },
      { type: 'C', text: 'INSERT 0 1' },
      { type: 'Z', text: undefined },
      { type: 'S', text: undefined, end: streams.backend.length },
    ]);
  });

  it.each(['frontend', 'backend'] as const)('finds the same %s messages in any chunks', (direction) => {
    const stream = streams[direction];
    const whole = scan([stream], new MessageScanner(direction));
    const bytes = Array.from(stream, (_, index) => index);
    expect(scan(tear(stream, bytes), new MessageScanner(direction))).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat()), (places) => {
        expect(scan(tear(stream, places), new MessageScanner(direction))).toEqual(whole);
      }),
    );
  });

  it('tells the answer to a request for encryption from the messages of the same letter', () => {
    const refused = new MessageScanner('backend');
    refused.expectEncryptionAnswer();
    expect(scan([Buffer.from('N'), message('N', 'a notice')], refused)).toMatchObject([
      { type: 'EncryptionRefused' },
      { type: 'N' },
    ]);

    const unknown = new MessageScanner('backend');
    unknown.expectEncryptionAnswer();
    expect(scan([message('E', 'unsupported frontend protocol')], unknown)).toMatchObject([{ type: 'E' }]);
  });

  it('finds nothing in what is encrypted, or is not the protocol', () => {
    const accepted = new MessageScanner('backend');
    accepted.expectEncryptionAnswer();
    expect(scan([Buffer.from('S'), message('Z', 'I')], accepted)).toMatchObject([
      { type: 'EncryptionAccepted' },
    ]);

    const handshake = Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0]), Buffer.alloc(64)]);
    const impossible = Buffer.from([0x5a, 0, 0, 0, 3, 0, 0, 0]);
    expect(scan([handshake, startup], new MessageScanner('frontend'))).toEqual([]);
    expect(scan([impossible, message('Z', 'I')], new MessageScanner('backend'))).toEqual([]);
  });
});
