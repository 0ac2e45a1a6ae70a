import {
  type AppendRequest,
  type AppendResult,
  appendEvents,
  appendToStreams,
  ConditionFailedError,
  type Event,
  type EventQuery,
  readByQuery,
} from '@holdfast/db';
import type { DataSource, EntityManager } from 'typeorm';

/** What a client appends, once it has seen what its decision rests on; undefined if that forbids it. */
type Choose = (events: readonly Event[]) => readonly AppendRequest[] | undefined;

/** What became of a decision: `overtaken` if others wrote what it should have rested on. */
export type Decision = 'appended' | 'forbidden' | 'overtaken';

/** How clients reach the event store. Another one may go through HTTP. */
export interface Door {
  append(request: AppendRequest): Promise<AppendResult>;
  /** Reads what a query matches, chooses, and appends if nothing else has come to match meanwhile. */
  decide(query: EventQuery, choose: Choose): Promise<Decision>;
}

/** The package itself. */
export function createPackageDoor({ manager }: DataSource): Door {
  return {
    append: (request) => appendEvents(manager, request),
    async decide(query, choose) {
      const { events, after } = await readAll(manager, query);
      const streams = choose(events);
      if (streams === undefined) return 'forbidden';
      try {
        await appendToStreams(manager, { streams, condition: { query, after } });
        return 'appended';
      } catch (error) {
        if (error instanceof ConditionFailedError) return 'overtaken';
        throw error;
      }
    },
  };
}

/**
 * What a condition would be without locks: looked at right before the append, in a transaction that is READ COMMITTED. Two of them
 * may look before either has written.
 */
export function createUnlockedDoor(dataSource: DataSource): Door {
  return {
    ...createPackageDoor(dataSource),
    async decide(query, choose) {
      const before = await readAll(dataSource.manager, query);
      const streams = choose(before.events);
      if (streams === undefined) return 'forbidden';
      return dataSource.transaction('READ COMMITTED', async (manager) => {
        const now = await readAll(manager, query);
        if (now.events.length > before.events.length) return 'overtaken';
        await appendToStreams(manager, { streams });
        return 'appended';
      });
    },
  };
}

async function readAll(manager: EntityManager, query: EventQuery) {
  const events: Event[] = [];
  let cursor: string | undefined;
  for (;;) {
    const part = await readByQuery(manager, query, { cursor });
    events.push(...part.events);
    if (part.nextCursor === null) return { events, after: part.after };
    cursor = part.nextCursor;
  }
}
