import {
  createLogAnnouncer,
  type Event,
  newId,
  runEventWorker,
  tailLog,
  VersionConflictError,
} from '@holdfast/db';
import type { DataSource } from 'typeorm';
import { createRandom } from '../random';
import { createPackageDoor } from './door';
import type { Setting } from './setting';
import type { LoggedEvent, StreamAttempt, StreamRecords } from './stream-audit';

const STREAM_TYPE = 'hot-stream';
const EVENT_TYPE = 'hot-stream.written';

/** How long the workers and the reader get to finish when nobody writes any more. */
const DRAIN_MS = 120_000;
/** Of the time that clients append for, where they have not come to enough by then. */
const MOST_TIMES = 10;

/**
 * Clients append to a few streams at once, each at the version that it believes in, while a reader follows the log and workers
 * handle each event.
 *
 * @param sources `clients` is shared by all of them, and `others` by the reader and the workers.
 */
export async function runStreams(
  sources: { readonly clients: DataSource; readonly others: DataSource },
  setting: Setting,
  stop: AbortSignal,
): Promise<StreamRecords> {
  const { clients, others } = sources;
  await clients.query(
    'create table handled (n bigserial primary key, id uuid not null, stream uuid not null, version integer not null)',
  );
  const streams = Array.from({ length: setting.hotStreams }, () => newId());
  const ending = new AbortController();
  const signal = AbortSignal.any([stop, ending.signal]);
  const read: LoggedEvent[] = [];
  const following = (async () => {
    for await (const { events } of tailLog(others, { signal })) read.push(...events.map(toLogged));
  })();
  const working = Array.from({ length: setting.workers }, () =>
    runEventWorker(others, { signal, handlers: { [EVENT_TYPE]: noteHandled } }),
  );
  const background = Promise.all([following, ...working]);
  // Heard of below; until then a failure of theirs must not end the process.
  background.catch(() => ending.abort());
  try {
    const attempts = await appendFromAll(clients, streams, setting, signal);
    const stored = await readStored(clients);
    await waitUntilDone(clients, () => read.length >= stored.length, signal);
    const handled = await clients.query<StreamRecords['handled']>(
      'select id, stream, version from handled order by n',
    );
    return { attempts, stored, read, handled };
  } finally {
    ending.abort();
    await background;
  }
}

async function appendFromAll(
  dataSource: DataSource,
  streams: readonly string[],
  { clients, streamsMs, seed, wanted }: Setting,
  signal: AbortSignal,
): Promise<readonly StreamAttempt[]> {
  const door = createPackageDoor(dataSource);
  const announcer = createLogAnnouncer(dataSource);
  const startedMs = performance.now();
  const attempts: StreamAttempt[] = [];
  const counts = { appended: 0, conflict: 0 };
  const note = (attempt: StreamAttempt): void => {
    attempts.push(attempt);
    counts[attempt.kind] += 1;
  };
  /** A slow machine needs longer for as much. */
  const isOver = (): boolean => {
    const passedMs = performance.now() - startedMs;
    const isEnough = counts.appended >= wanted.appends && counts.conflict >= wanted.conflicts;
    return passedMs >= streamsMs && (isEnough || passedMs >= MOST_TIMES * streamsMs);
  };
  // What was last heard of each stream, by anybody: so near the truth that many attempts are right, and many are not.
  const versions = new Map(streams.map((stream) => [stream, 0]));
  const hear = (stream: string, version: number): void => {
    versions.set(stream, Math.max(versions.get(stream) ?? 0, version));
  };
  const runClient = async (client: number): Promise<void> => {
    const random = createRandom(seed, `client ${client}`);
    while (!isOver() && !signal.aborted) {
      const stream = streams[Math.floor(random() * streams.length)] as string;
      const expectedVersion = versions.get(stream) ?? 0;
      const count = 1 + Math.floor(random() * 3);
      try {
        const { events } = await door.append({
          aggregateType: STREAM_TYPE,
          aggregateId: stream,
          expectedVersion,
          events: Array.from({ length: count }, () => ({ eventType: EVENT_TYPE, payload: { client } })),
        });
        announcer.announce();
        hear(stream, expectedVersion + count);
        note({
          kind: 'appended',
          stream,
          expectedVersion,
          events: events.map(({ id, aggregateVersion, globalPosition }) => ({
            id,
            stream,
            version: aggregateVersion,
            position: globalPosition,
          })),
        });
      } catch (error) {
        if (!(error instanceof VersionConflictError)) throw error;
        note({ kind: 'conflict', stream, expectedVersion });
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)));
  } finally {
    await announcer.close();
  }
  signal.throwIfAborted();
  return attempts;
}

const noteHandled = async (event: Event, { manager }: { manager: DataSource['manager'] }): Promise<void> => {
  await manager.query('insert into handled (id, stream, version) values ($1, $2, $3)', [
    event.id,
    event.aggregateId,
    event.aggregateVersion,
  ]);
};

async function readStored(dataSource: DataSource): Promise<readonly LoggedEvent[]> {
  return dataSource.query(
    `select id, aggregate_id as stream, aggregate_version as version, global_position as position
    from events where aggregate_type = $1 order by global_position`,
    [STREAM_TYPE],
  );
}

async function waitUntilDone(
  dataSource: DataSource,
  isRead: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const giveUpMs = performance.now() + DRAIN_MS;
  while (performance.now() < giveUpMs && !signal.aborted) {
    const rows = await dataSource.query<unknown[]>(
      'select from events where processed = false and retry_count < 5 limit 1',
    );
    if (rows.length === 0 && isRead()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  signal.throwIfAborted();
}

const toLogged = ({ id, aggregateId, aggregateVersion, globalPosition }: Event): LoggedEvent => ({
  id,
  stream: aggregateId,
  version: aggregateVersion,
  position: globalPosition,
});
