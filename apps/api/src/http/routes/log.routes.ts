import { Readable } from 'node:stream';
import { type Event, type LogFeed, LogHiddenError, LogRewoundError, renderEventCursor } from '@holdfast/db';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readLog } from '../../use-cases/read-log';
import { type TailStretch, tailLog } from '../../use-cases/tail-log';
import { TAGS } from '../documentation';
import { InvalidHeaderError } from '../invalid-header-error';
import type { LongRequest, LongRequests } from '../long-requests';
import type { DatabaseOf } from '../request-timeout';
import { event } from '../schemas/event';
import { logPage, logQuery, tailQuery } from '../schemas/log';
import { problemResponses } from '../schemas/problem';
import { sendStream } from '../send-stream';
import {
  EVENT_STREAM_MEDIA_TYPE,
  renderEnd,
  renderHeartbeat,
  renderMessage,
  STREAM_HEAD,
} from '../server-sent-events';

/** What the routes of the log are given. */
export interface LogParts {
  readonly feed: LogFeed;
  readonly tails: LongRequests;
  readonly timing: TailTiming;
}

const LAST_EVENT_ID_HEADER = 'last-event-id';

/** How long things may take in a tail, in ms. */
export interface TailTiming {
  /** Longest that a stream says nothing: proxies take silence for a lost connection after 30 s or more. */
  readonly heartbeatMs: number;
  /** A stream ends after that, so that whoever follows is asked again who they are. */
  readonly lifetimeMs: number;
  /** A client that takes nothing for so long has gone, or holds memory for nothing. */
  readonly stallMs: number;
}

export const TAIL_TIMING: TailTiming = Object.freeze({
  heartbeatMs: 15_000,
  lifetimeMs: 1_800_000,
  stallMs: 60_000,
});

/** The whole log, page by page and live. */
export function logRoutes(databaseOf: DatabaseOf, { feed, tails, timing }: LogParts): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/log',
      {
        config: { scope: 'events:read' },
        schema: {
          tags: [TAGS.events],
          summary: 'Read the whole log',
          description:
            'In the order of positions, which within a stream is that of versions. Who reads on from page to page gets every ' +
            'event once: what is written late is waited for. 410 when the log was restored to an earlier state.',
          querystring: logQuery,
          response: { 200: logPage, ...problemResponses('validation', 'invalid-cursor', 'log-rewound') },
        },
      },
      async (request, reply) => {
        const { events, cursor, isAtEnd, lag } = await readLog(databaseOf(request), request.query);
        return reply.code(200).send({ items: events, after: cursor, isAtEnd, lag });
      },
    );
    app.get(
      '/events/tail',
      {
        config: { scope: 'events:read' },
        exposeHeadRoute: false,
        schema: {
          tags: [TAGS.events],
          summary: 'Follow the log',
          description:
            'Server-sent events: `data` is an event as other routes show it, `id` is where to come back to, with `last-event-id` ' +
            'or `after`; without either it begins at the first event, or, with `from=end`, with what is committed from now on. ' +
            'A stream ends with a message `end` whose `reason` is `shutting-down`, `lifetime`, `log-rewound`, `unauthorized` or `failed`.',
          querystring: tailQuery,
          response: {
            200: {
              description: 'The events, without an end',
              content: { [EVENT_STREAM_MEDIA_TYPE]: { schema: z.string() } },
            },
            ...problemResponses('validation', 'invalid-cursor', 'log-rewound'),
          },
        },
      },
      async (request, reply) => {
        const { [LAST_EVENT_ID_HEADER]: lastEventId } = request.headers;
        if (Array.isArray(lastEventId)) throw new InvalidHeaderError(LAST_EVENT_ID_HEADER, 'one id');
        const { after, from, type } = request.query;
        const tail = tails.enter();
        reply.raw.once('close', () => {
          tail.end('client-gone');
          tail.leave();
        });
        const stretches = tailLog(databaseOf(request), feed, {
          after: lastEventId || after,
          from,
          types: type === undefined ? undefined : [type].flat(),
          signal: tail.signal,
          heartbeatMs: timing.heartbeatMs,
        });
        // What is wrong with the request is told while there is still a status to tell it with.
        const first = await stretches.next().catch((error: unknown) => {
          tail.leave();
          throw error;
        });
        const stream = Readable.from(
          renderStream(first.value ?? undefined, stretches, { tail, timing, cut: () => reply.raw.destroy() }),
          {
            objectMode: false,
            highWaterMark: 1,
          },
        );
        reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
        return sendStream(reply, EVENT_STREAM_MEDIA_TYPE, stream);
      },
    );
  };
}

interface StreamTerms {
  readonly tail: LongRequest;
  readonly timing: TailTiming;
  /** Ends the connection. */
  readonly cut: () => void;
}

/** The text of a stream, made only as fast as the client takes it. */
async function* renderStream(
  first: TailStretch | undefined,
  stretches: AsyncGenerator<TailStretch, void>,
  { tail, timing, cut }: StreamTerms,
): AsyncGenerator<string> {
  const lifetime = setTimeout(() => tail.end('lifetime'), timing.lifetimeMs);
  // Whoever takes nothing cannot be told why either.
  const watched = function* (texts: Iterable<string>): Generator<string> {
    for (const text of texts) {
      const stall = setTimeout(cut, timing.stallMs);
      try {
        yield text;
      } finally {
        clearTimeout(stall);
      }
    }
  };
  try {
    yield STREAM_HEAD;
    if (first !== undefined) yield* watched(renderStretch(first));
    for await (const stretch of stretches) yield* watched(renderStretch(stretch));
    yield renderEnd(String(tail.signal.reason));
  } catch (error) {
    yield renderEnd(reasonOf(error));
  } finally {
    clearTimeout(lifetime);
  }
}

function* renderStretch({ events, cursor }: TailStretch): Generator<string> {
  for (const found of events) yield renderMessage(renderEventCursor(found), renderEvent(found));
  // What was scanned or left out lies behind it as well.
  yield renderHeartbeat(cursor);
}

function renderEvent(found: Event): string {
  return JSON.stringify(z.encode(event, found));
}

function reasonOf(error: unknown): string {
  if (error instanceof LogRewoundError) return 'log-rewound';
  return error instanceof LogHiddenError ? 'unauthorized' : 'failed';
}
