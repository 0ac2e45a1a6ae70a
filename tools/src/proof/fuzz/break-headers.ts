import { gzipSync } from 'node:zlib';
import type { Random } from '../random';
import { pick } from './draw';
import { type RequestDraft, withHeader } from './request-draft';

type Change = (draft: RequestDraft, random: Random) => RequestDraft;

/** Values that no header of a request means anything by. */
const VALUES: readonly string[] = Object.freeze([
  '',
  ' ',
  '*',
  '"',
  '""',
  '"1"',
  'W/"1"',
  '"1", "2"',
  '"1" "2"',
  '"\xff"',
  '"999999999999"',
  '0',
  '-1',
  '1.5',
  '1e9',
  '0.000001',
  '999999999',
  '9'.repeat(40),
  'NaN',
  '\xe9\xff\x80',
  "'; drop table users; --",
  '#{7*7} $(id)',
  'x'.repeat(256),
  'x'.repeat(8_000),
]);

const UNDERSTOOD = Object.freeze([
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'Request-Timeout',
  'X-Request-Id',
  'Authorization',
  'Last-Event-ID',
]);

const MEDIA_TYPES = Object.freeze([
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/json; charset=latin1',
  'application/json;',
  'application/json; a="',
  'application/vnd.api+json',
  'APPLICATION/JSON',
  'application/x-ndjson',
  '',
  '/',
  'x'.repeat(500),
]);

/** Headers that a service should not act on, or that say something about the request that is not so. */
const STRANGE: readonly (readonly [string, string])[] = Object.freeze([
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-For', "127.0.0.1, ' or 1=1"],
  ['Forwarded', 'for=unknown;host=evil.example'],
  ['X-Original-URL', '/console'],
  ['Range', 'bytes=0-,0-,0-,0-'],
  ['If-Range', '"1"'],
  ['If-Modified-Since', 'not a date'],
  ['Accept', 'image/png'],
  ['Accept', '*/*;q=NaN'],
  ['Accept-Encoding', 'identity;q=0, *;q=0'],
  ['Accept-Version', '99.x'],
  ['Connection', 'close, x-request-id'],
  ['Upgrade', 'websocket'],
  ['Keep-Alive', 'timeout=99999'],
  ['Cookie', `a=${'b'.repeat(4_000)}`],
  ['Origin', 'null'],
  ['Access-Control-Request-Method', 'DELETE'],
  ['Proxy', 'http://evil.example'],
  ['TE', 'trailers'],
  ['Trailer', 'Content-Length'],
  ['Traceparent', '00-zz-zz-01'],
]);

/** Each makes a request that differs from a valid one by its headers. */
export const HEADER_CHANGES: Readonly<Record<string, Change>> = Object.freeze({
  'a header of another form': (draft, random) =>
    withHeader(draft, pick(random, UNDERSTOOD), pick(random, VALUES)),
  'a strange header': (draft, random) => {
    const [name, value] = pick(random, STRANGE);
    return withHeader(draft, name, value);
  },
  'a header twice': (draft, random) => ({
    ...draft,
    headers: [...draft.headers, [pick(random, UNDERSTOOD), '"1"'], [pick(random, UNDERSTOOD), '"2"']],
  }),
  'another media type': (draft, random) => withHeader(draft, 'Content-Type', pick(random, MEDIA_TYPES)),
  'no media type': ({ headers, ...draft }) => ({
    ...draft,
    headers: headers.filter(([name]) => name !== 'Content-Type'),
  }),
  'a compressed body': (draft) => {
    const encoded = withHeader(draft, 'Content-Encoding', 'gzip');
    return draft.body === undefined ? encoded : { ...encoded, body: gzipSync(draft.body) };
  },
  'a coding that is not one': (draft, random) =>
    withHeader(draft, 'Content-Encoding', pick(random, ['br', 'gzip, gzip', 'deflate', 'x', ''])),
  'a body where none belongs': (draft, random) =>
    draft.body === undefined
      ? withHeader(
          { ...draft, body: Buffer.from(pick(random, ['{}', '{', 'x', '[1]'])) },
          'Content-Type',
          pick(random, ['application/json', 'text/plain']),
        )
      : { ...withHeader(draft, 'Content-Type', 'application/json'), body: Buffer.from('') },
  'no key': ({ headers, ...draft }) => ({
    ...draft,
    headers: headers.filter(([name]) => name !== 'Authorization'),
  }),
  'a key that is none': (draft, random) =>
    withHeader(
      draft,
      'Authorization',
      pick(random, [
        'Bearer',
        'Bearer ',
        'Bearer x',
        'Basic YTpi',
        `Bearer hf_test_AAAAAAAA_${'A'.repeat(43)}_AAAAAA`,
        `Bearer ${'x'.repeat(7_000)}`,
        'Bearer a b',
        'Bearer \xff',
        'bearer hf_',
      ]),
    ),
});
