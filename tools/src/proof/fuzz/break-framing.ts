import type { Random } from '../random';
import { pick } from './draw';
import { type RequestDraft, renderHead, renderRequest } from './request-draft';

type Break = (draft: RequestDraft, random: Random) => Buffer;

const bytes = (...parts: (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));

/** A request whose head has these headers more, and whatever behind it. */
function framed(
  draft: RequestDraft,
  headers: RequestDraft['headers'],
  ...behind: (string | Buffer)[]
): Buffer {
  return bytes(renderHead({ ...draft, headers: [...draft.headers, ...headers] }), ...behind);
}

const bodyOf = ({ body }: RequestDraft): Buffer => body ?? Buffer.from('{}');
const sizeOf = (draft: RequestDraft): number => bodyOf(draft).length;
const chunk = (part: Buffer): Buffer => bytes(`${part.length.toString(16)}\r\n`, part, '\r\n');

/** Each makes bytes of a request that says wrongly where it ends, or says it in an unusual way. */
export const FRAMING_BREAKS: Readonly<Record<string, Break>> = Object.freeze({
  'less than was announced': (draft) =>
    framed(draft, [['Content-Length', String(sizeOf(draft) + 10)]], bodyOf(draft)),
  'more than was announced': (draft) =>
    framed(draft, [['Content-Length', String(Math.max(0, sizeOf(draft) - 5))]], bodyOf(draft)),
  'two lengths': (draft) =>
    framed(
      draft,
      [
        ['Content-Length', String(sizeOf(draft))],
        ['Content-Length', '1'],
      ],
      bodyOf(draft),
    ),
  'a length that is none': (draft, random) =>
    framed(
      draft,
      [['Content-Length', pick(random, ['-1', '+5', '0x10', '1e3', '', ' ', '99999999999999999999', '1,1'])]],
      bodyOf(draft),
    ),
  chunks: (draft) => framed(draft, [['Transfer-Encoding', 'chunked']], chunk(bodyOf(draft)), '0\r\n\r\n'),
  'many chunks': (draft) =>
    framed(
      draft,
      [['Transfer-Encoding', 'chunked']],
      ...[...bodyOf(draft)].slice(0, 2_000).map((byte) => chunk(Buffer.from([byte]))),
      '0\r\n\r\n',
    ),
  'a trailer': (draft) =>
    framed(
      draft,
      [['Transfer-Encoding', 'chunked']],
      chunk(bodyOf(draft)),
      '0\r\nContent-Length: 1\r\nX-Request-Id: trailed\r\n\r\n',
    ),
  'a chunk of a wrong size': (draft, random) =>
    framed(
      draft,
      [['Transfer-Encoding', 'chunked']],
      `${pick(random, ['zz', '-1', '', 'ffffffffffffffffff', '1'])}\r\n`,
      bodyOf(draft),
      '\r\n0\r\n\r\n',
    ),
  'an extension of a chunk': (draft) =>
    framed(draft, [['Transfer-Encoding', 'chunked']], `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
  'chunks that never end': (draft) => framed(draft, [['Transfer-Encoding', 'chunked']], chunk(bodyOf(draft))),
  'chunks and a length': (draft) =>
    framed(
      draft,
      [
        ['Content-Length', '4'],
        ['Transfer-Encoding', 'chunked'],
      ],
      `0\r\n\r\nGET /livez HTTP/1.1\r\nHost: smuggled.example\r\n\r\n`,
    ),
  'a coding that is none': (draft, random) =>
    framed(
      draft,
      [
        [
          'Transfer-Encoding',
          pick(random, ['xchunked', 'identity', 'chunked, identity', 'gzip, chunked', ' chunked']),
        ],
      ],
      chunk(bodyOf(draft)),
      '0\r\n\r\n',
    ),
  'to be continued': (draft) =>
    framed(
      draft,
      [
        ['Expect', '100-continue'],
        ['Content-Length', String(sizeOf(draft))],
      ],
      bodyOf(draft),
    ),
  'something expected': (draft) =>
    renderRequest({ ...draft, headers: [...draft.headers, ['Expect', 'tea']] }),
  'several requests at once': (draft) =>
    bytes(renderRequest(draft), renderRequest(draft), renderRequest(draft)),
  'half a head': (draft) => {
    const whole = renderRequest(draft);
    return whole.subarray(0, Math.floor(renderHead(draft).length / 2));
  },
  'an upgrade': (draft) =>
    renderRequest({ ...draft, headers: [...draft.headers, ['Connection', 'Upgrade'], ['Upgrade', 'h2c']] }),
});

/** Bytes that are no request, or hardly one. */
export const MALFORMED: Readonly<Record<string, Buffer>> = Object.freeze({
  nonsense: bytes('nonsense\r\n\r\n'),
  'a greeting of TLS': Buffer.from('16030100a5010000a10303', 'hex'),
  'a preface of HTTP/2': bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'an old version': bytes('GET /livez HTTP/0.9\r\n\r\n'),
  'version 1.0': bytes('GET /livez HTTP/1.0\r\n\r\n'),
  'a version to come': bytes('GET /livez HTTP/9.9\r\nHost: x\r\n\r\n'),
  'no host': bytes('GET /livez HTTP/1.1\r\n\r\n'),
  'two hosts': bytes('GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'),
  'a host that is none': bytes('GET /livez HTTP/1.1\r\nHost: a b/../@:x\r\n\r\n'),
  'no path': bytes('GET  HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a path without a slash': bytes('GET livez HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a whole address': bytes('GET http://evil.example/v1/users HTTP/1.1\r\nHost: x\r\n\r\n'),
  'an asterisk': bytes('OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a tunnel': bytes('CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a method that is none': bytes('FROBNICATE /livez HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a zero in the path': bytes('GET /li\0vez HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a zero in a header': bytes('GET /livez HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n'),
  'bytes in the path': bytes('GET /v1/users/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a fragment': bytes('GET /livez#x HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a folded header': bytes('GET /livez HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n'),
  'a header without a name': bytes('GET /livez HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n'),
  'a space before the colon': bytes('GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length : 0\r\n\r\n'),
  'line feeds alone': bytes('GET /livez HTTP/1.1\nHost: x\n\n'),
  'carriage returns alone': bytes('GET /livez HTTP/1.1\rHost: x\r\r'),
  'a long path': bytes(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
  'a long header': bytes(`GET /livez HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`),
  'many headers': bytes(`GET /livez HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(3_000)}\r\n`),
  nothing: Buffer.alloc(0),
  'empty lines': bytes('\r\n\r\n\r\n'),
  zeros: Buffer.alloc(64),
});
