import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerOnce, type KeptAnswer, type RepeatableCall } from '../answer-once';
import type { Database } from '../database';
import { identityOf } from './authentication';
import { renderTag, type Versioned } from './conditional';
import { InvalidHeaderError } from './invalid-header-error';

const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
/** Says that the answer is the one that an earlier request got. */
const REPLAYED_HEADER = 'idempotency-replayed';

const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';

/** An answer before it is written. */
export interface PostAnswer {
  readonly status: 200 | 201;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** How a POST is done and answered. */
export interface PostWork<T> {
  /** Writes through the database that it is given, once, and resolves to what that write resolved to. */
  readonly run: (database: Database) => Promise<T>;
  readonly answer: (value: T) => PostAnswer;
  /** The part of a value that may be kept. Default: all of it. */
  readonly keep?: (value: T) => T;
  /**
   * Whether it ends the key that asks. Then no answer is kept for its idempotency key: nobody could ask for it again, nor could it
   * be written, since the key sees and writes nothing from then on. Default false.
   */
  readonly endsOwnKey?: boolean;
}

/**
 * Answers a POST. With an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) it is done once for the key, and the
 * same request again gets the answer of the first one.
 *
 * @throws InvalidHeaderError
 * @throws IdempotencyKeyBusyError
 * @throws IdempotentCallMismatchError
 */
export async function answerPost<T>(
  database: Database,
  request: FastifyRequest,
  reply: FastifyReply,
  { run, answer, keep = (value) => value, endsOwnKey = false }: PostWork<T>,
): Promise<FastifyReply> {
  const render = (value: T): KeptAnswer => {
    const { status, headers, body } = answer(value);
    return { status, headers, body: String(reply.serializeInput({ ...body }, String(status))) };
  };
  const key = readKey(request);
  if (key === undefined || endsOwnKey) return send(reply, render(await run(database)));
  const call: RepeatableCall = {
    scope: identityOf(request).tenant,
    key,
    fingerprint: fingerprintOf(request),
  };
  const outcome = await answerOnce(database, call, run, (value) => render(keep(value)));
  if (outcome.done === 'now') return send(reply, render(outcome.value));
  return send(reply.header(REPLAYED_HEADER, 'true'), outcome.answer);
}

/** The answer about something that was just created under a path. */
export function answerCreated(path: string, created: Versioned & { readonly id: string }): PostAnswer {
  return {
    status: 201,
    headers: { location: `${path}/${created.id}`, etag: renderTag(created) },
    body: created,
  };
}

function send(reply: FastifyReply, { status, headers, body }: KeptAnswer): FastifyReply {
  return reply
    .code(status)
    .headers({ ...headers })
    .type(JSON_MEDIA_TYPE)
    .serializer((text: string) => text)
    .send(body);
}

/** 1 to 255 visible characters; in quotes, as the draft writes it, or without, as most clients do. */
const KEY = /^(?:"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255}))$/;

/** The key of a request. @throws InvalidHeaderError */
export function readKey({ headers }: FastifyRequest): string | undefined {
  const given = headers[IDEMPOTENCY_KEY_HEADER];
  if (given === undefined) return undefined;
  const [, quoted, bare] = (typeof given === 'string' && KEY.exec(given)) || [];
  const key = quoted ?? bare;
  if (key === undefined) {
    throw new InvalidHeaderError(IDEMPOTENCY_KEY_HEADER, '1 to 255 visible ASCII characters');
  }
  return key;
}

/** What is asked for, whatever the order of its properties. */
function fingerprintOf({ method, url, body }: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([method, url, sortProperties(body)]))
    .digest();
}

function sortProperties(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortProperties);
  if (typeof value !== 'object' || value === null) return value ?? null;
  // As pairs: in an object, properties named like numbers come first whatever their order.
  const pairs = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, part]) => [name, sortProperties(part)]);
  return { pairs };
}
