import { type Event, EventRepository } from '@holdfast/db';
import type { Database } from '../database';

/** A stretch of one aggregate's stream, in order of versions. */
export interface StreamSlice {
  readonly items: readonly Event[];
  /** Where to read on; null when this slice ends the stream as it stands. */
  readonly nextFromVersion: number | null;
}

/** Reads up to `limit` events from a version on. A stream that does not exist is an empty one, at version 0. */
export async function readStream(
  database: Database,
  aggregateType: string,
  aggregateId: string,
  { fromVersion, limit }: { readonly fromVersion: number; readonly limit: number },
): Promise<StreamSlice> {
  const items = await database.read('read stream', (manager) =>
    new EventRepository(manager).readStream(aggregateType, aggregateId, { fromVersion, limit }),
  );
  const last = items.at(-1);
  // A full slice may also be the last one: the next read is then empty, and says so.
  const more = items.length === limit && last !== undefined;
  return { items, nextFromVersion: more ? last.aggregateVersion + 1 : null };
}
