import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@holdfast/db';
import { createRandom, type Random } from '../random';
import { STREAM_TYPE } from './books';
import type { Call } from './call';
import type { Answer, HttpRequest, Send } from './http-client';
import { sendUntilAnswered } from './repeat';
import type { Setting } from './setting';

/** What all clients did. */
export interface ClientRecords {
  readonly calls: readonly Call[];
  /** Reads that were answered. */
  readonly reads: number;
  /** Acknowledged writes that a later read did not find. */
  readonly vanished: readonly string[];
}

interface Row {
  readonly id: string;
  etag: string;
}

interface Stream {
  readonly id: string;
  version: number;
}

/** What clients know together: so near the truth that many attempts are right, and many are not. */
interface Hearsay {
  readonly organizations: readonly Row[];
  readonly streams: readonly Stream[];
  /** Events that were acknowledged lately. */
  readonly events: { readonly id: string; readonly token: string }[];
}

const KEPT_EVENTS = 200;

/** Lets all clients write and read until the end of the load, and hear what became of it. */
export async function runClients(send: Send, setting: Setting, signal: AbortSignal): Promise<ClientRecords> {
  const hearsay: Hearsay = {
    organizations: await createOrganizations(send, setting.hotOrganizations),
    streams: createStreams(setting.hotStreams),
    events: [],
  };
  const endMs = performance.now() + setting.loadMs;
  const giveUpAtMs = endMs + setting.settleMs;
  const calls: Call[] = [];
  const vanished: string[] = [];
  const ownStreams = createStreams(setting.naiveClients);
  let reads = 0;
  const runClient = async (client: number): Promise<void> => {
    const random = createRandom(setting.seed, `client ${client}`);
    for (let n = 0; performance.now() < endMs && !signal.aborted; n += 1) {
      const token = `client ${client}, call ${n}`;
      const writer = { send, random, token, giveUpAtMs, hearsay };
      if (client >= setting.clients) {
        calls.push(await appendNaively(writer, ownStreams[client - setting.clients] as Stream));
        continue;
      }
      calls.push((await WRITES[Math.floor(random() * WRITES.length)]?.(writer)) as Call);
      const found = await readBack(writer);
      if (found !== undefined) reads += 1;
      if (found === false) vanished.push(token);
    }
  };
  const all = setting.clients + setting.naiveClients;
  await Promise.all(Array.from({ length: all }, (_, client) => runClient(client)));
  signal.throwIfAborted();
  return { calls, reads, vanished };
}

function createStreams(count: number): readonly Stream[] {
  return Array.from({ length: count }, () => ({ id: newId(), version: 0 }));
}

async function createOrganizations(send: Send, count: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let n = 0; n < count; n += 1) {
    const answer = await send({ method: 'POST', path: '/v1/organizations', body: { name: `hot ${n}` } });
    if (answer?.status !== 201)
      throw new Error(`the service did not create an organization: ${answer?.status}`);
    rows.push({ id: answer.body.id, etag: answer.headers.get('etag') ?? '' });
  }
  return rows;
}

interface Writer {
  readonly send: Send;
  readonly random: Random;
  readonly token: string;
  readonly giveUpAtMs: number;
  readonly hearsay: Hearsay;
}

const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)] as T;

const WRITES: readonly ((writer: Writer) => Promise<Call>)[] = [
  create,
  update,
  (writer) => append('append', writer),
  (writer) => append('append-once', writer),
];

/** A creation. Sent again, only its key says that it is the same. */
async function create({ send, token, giveUpAtMs }: Writer): Promise<Call> {
  const request: HttpRequest = {
    method: 'POST',
    path: '/v1/organizations',
    body: { name: token },
    headers: keyHeader(token),
  };
  const { answer, attempts } = await sendUntilAnswered(send, request, giveUpAtMs);
  return { ...endingOf(answer), kind: 'create', token, attempts, count: 1 };
}

/** A change under a condition, sent once: what became of it, the answer says, or says that nobody knows. */
async function update({ send, random, token, hearsay }: Writer): Promise<Call> {
  const row = pick(hearsay.organizations, random);
  const path = `/v1/organizations/${row.id}`;
  const headers = { 'if-match': row.etag };
  const answer = await send({ method: 'PATCH', path, body: { name: token }, headers });
  const call = { kind: 'update', token, attempts: 1, count: 1 } as const;
  if (answer?.status === 200) {
    row.etag = answer.headers.get('etag') ?? '';
    return { ...call, ending: 'done', version: Number(/^"(\d+)/.exec(row.etag)?.[1]) };
  }
  if (answer === undefined || answer.body.type === '/problems/outcome-unknown')
    return { ...call, ending: 'unknown' };
  // Others have changed it: the next one knows the version, if it can be read.
  const read = await send({ path });
  if (read?.status === 200) row.etag = read.headers.get('etag') ?? '';
  return { ...call, ending: 'refused' };
}

/** An append at the version that the client believes in: with a key for each event, or one for the request. */
async function append(kind: 'append' | 'append-once', writer: Writer): Promise<Call> {
  const { send, random, token, giveUpAtMs, hearsay } = writer;
  const stream = pick(hearsay.streams, random);
  const expectedVersion = stream.version;
  const count = 1 + Math.floor(random() * 3);
  const events = Array.from({ length: count }, (_, n) => ({
    eventType: 'proof.written',
    payload: { token },
    ...(kind === 'append' && { idempotencyKey: `${token}, event ${n}` }),
  }));
  const body = { aggregateType: STREAM_TYPE, aggregateId: stream.id, expectedVersion, events };
  const headers = kind === 'append' ? {} : keyHeader(token);
  const request: HttpRequest = { method: 'POST', path: '/v1/events', body, headers };
  const { answer, attempts } = await sendUntilAnswered(send, request, giveUpAtMs);
  const call = { ...endingOf(answer), kind, token, attempts, count };
  if (call.ending === 'done') {
    stream.version = Math.max(stream.version, expectedVersion + count);
    hearsay.events.push({ id: answer?.body.events.at(-1).id, token });
    if (hearsay.events.length > KEPT_EVENTS) hearsay.events.shift();
    return { ...call, version: answer?.body.events.at(-1).aggregateVersion };
  }
  // Whoever is told of a conflict reads before deciding again.
  await readVersion(send, stream);
  return call;
}

/**
 * An append without a key to a stream that nobody else writes to. Where it fails, the client looks how far the stream is and appends
 * again: what it reads there may be what it has just written.
 */
async function appendNaively({ send, token, giveUpAtMs }: Writer, stream: Stream): Promise<Call> {
  const call = { kind: 'naive', token, count: 1 } as const;
  for (let attempts = 1; ; attempts += 1) {
    const events = [{ eventType: 'proof.written', payload: { token } }];
    const body = {
      aggregateType: STREAM_TYPE,
      aggregateId: stream.id,
      expectedVersion: stream.version,
      events,
    };
    const answer = await send({ method: 'POST', path: '/v1/events', body });
    if (answer?.status === 201) {
      stream.version += 1;
      return { ...call, attempts, ending: 'done' };
    }
    if (performance.now() > giveUpAtMs) return { ...call, attempts, ending: 'unknown' };
    await sleep(NAIVE_PAUSE_MS);
    await readVersion(send, stream);
  }
}

const NAIVE_PAUSE_MS = 100;

async function readVersion(send: Send, stream: Stream): Promise<void> {
  const path = `/v1/streams/${STREAM_TYPE}/${stream.id}?fromVersion=${stream.version + 1}`;
  const read = await send({ path });
  const last = read?.status === 200 ? read.body.items.at(-1)?.aggregateVersion : undefined;
  if (last !== undefined) stream.version = Math.max(stream.version, last);
}

/** Whether an event that was acknowledged, to anybody, can be read as it was written; undefined without an answer. */
async function readBack({ send, random, hearsay }: Writer): Promise<boolean | undefined> {
  if (hearsay.events.length === 0) return undefined;
  const { id, token } = pick(hearsay.events, random);
  const answer = await send({ path: `/v1/events/${id}` });
  if (answer?.status === 404) return false;
  return answer?.status === 200 ? answer.body.payload.token === token : undefined;
}

function endingOf(answer: Answer | undefined): Pick<Call, 'ending'> {
  if (answer === undefined) return { ending: 'unknown' };
  return { ending: answer.status < 300 ? 'done' : 'refused' };
}

/** Keys are visible characters. */
const keyHeader = (token: string) => ({ 'idempotency-key': token.replaceAll(/[, ]+/g, '-') });
