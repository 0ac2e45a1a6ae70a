import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { TAGS } from '../documentation';
import { readKey } from '../idempotent-post';
import type { ReadJson } from '../import-lines';
import { InvalidHeaderError } from '../invalid-header-error';
import type { LongRequest, LongRequests } from '../long-requests';
import { NDJSON_MEDIA_TYPE } from '../ndjson';
import type { DatabaseOf } from '../request-timeout';
import { type ImportReport, runImport } from '../run-import';
import { importBody, importReportLine } from '../schemas/import';
import { BODY_PROBLEMS, problemResponses } from '../schemas/problem';
import { sendStream } from '../send-stream';
import { readStreamedBody, type StreamedBodyLimits } from '../streamed-body';

/** What the route is given. */
export interface ImportParts {
  readonly imports: LongRequests;
  readonly announce: () => void;
}

const MAX_BODY_BYTES = 1024 * 1024 * 1024;
const LIMITS: StreamedBodyLimits = Object.freeze({
  maxBytes: MAX_BODY_BYTES,
  maxRatio: 200,
  idleMs: 30_000,
  longestMs: 3_600_000,
});

/** Routes that read their body as it comes. */
export const STREAMED_ROUTES: ReadonlySet<string> = new Set(['/v1/events/import']);

/** The import, whose body is read as it comes. */
export function importRoutes(
  databaseOf: DatabaseOf,
  { imports, announce }: ImportParts,
): FastifyPluginAsyncZod {
  return async (app) => {
    // In this scope alone: other routes know nothing but JSON.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(NDJSON_MEDIA_TYPE, (_request, body, done) => done(null, body));
    const running = new WeakMap<FastifyRequest, LongRequest>();
    app.post(
      '/events/import',
      {
        config: { scope: 'events:append' },
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          tags: [TAGS.events],
          summary: 'Import events',
          description: DESCRIPTION,
          consumes: [NDJSON_MEDIA_TYPE],
          body: importBody,
          response: {
            200: {
              description: 'What is not in, a line of JSON for each, and at the end a summary',
              content: { [NDJSON_MEDIA_TYPE]: { schema: importReportLine } },
            },
            ...problemResponses(...BODY_PROBLEMS, 'malformed-request'),
          },
        },
        // Before the body is asked for.
        onRequest: async (request, reply) => {
          const place = imports.enter();
          running.set(request, place);
          reply.raw.once('close', () => place.leave());
        },
        // The rest of a body that is not read to its end is thrown away meanwhile, since a client may send all of it before it reads
        // anything, and not waited for: the connection ends with the answer.
        onSend: async ({ raw }, reply) => {
          if (raw.complete) return;
          reply.header('connection', 'close');
          raw.resume();
        },
      },
      async (request, reply) => {
        const encoding = readEncoding(request);
        const requestKey = readKey(request);
        const { signal } = running.get(request) as LongRequest;
        const report = await runImport(readStreamedBody(request.raw, encoding, { ...LIMITS, signal }), {
          database: databaseOf(request),
          readJson: jsonReader(app, request),
          requestKey,
          signal,
          announce,
        });
        return sendStream(reply, NDJSON_MEDIA_TYPE, Readable.from(renderReport(report)));
      },
    );
  };
}

const DESCRIPTION =
  'The body is `application/x-ndjson`, if you like with `content-encoding: gzip`: a line is an event as an append takes it, with ' +
  '`aggregateType` and `aggregateId`. Lines are appended behind what their streams hold, in their order, which is that of ' +
  'versions and of the log. Every line is in, or it is in the report. Lines have keys, their own `idempotencyKey` or one by the ' +
  '`Idempotency-Key` of the request and the number of the line: an import that is sent again writes nothing twice. It is ' +
  'written in transactions of up to 1,000 lines, so that a crash leaves the first lines of it.';

function readEncoding({ headers }: FastifyRequest): 'identity' | 'gzip' {
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === 'gzip') return encoding;
  throw new InvalidHeaderError('content-encoding', 'gzip, or none');
}

/** As the bodies of other requests are read: keys that reach a prototype are no part of an event. */
function jsonReader(app: FastifyInstance, request: FastifyRequest): ReadJson {
  const read = app.getDefaultJsonParser('error', 'error');
  return (text) => {
    let result: { readonly error: Error | null; readonly value?: unknown } | undefined;
    void read(request, text, (error, value) => {
      result = { error, value };
    });
    if (result === undefined || result.error) throw result?.error ?? new Error('JSON is read at once');
    return result.value;
  };
}

/** Lines that are sent at once. */
const PIECE = 500;

function* renderReport({ reported, ...counts }: ImportReport): Generator<string> {
  for (let from = 0; from < reported.length; from += PIECE) {
    yield reported
      .slice(from, from + PIECE)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
  }
  yield `${JSON.stringify({ summary: { ...counts, reported: reported.length } })}\n`;
}
