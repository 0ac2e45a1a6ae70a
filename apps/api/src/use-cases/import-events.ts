import {
  type ImportedEvent,
  ImportRaceError,
  ImportRefusedError,
  type ImportResult,
  importEvents,
  wasImported,
} from '@holdfast/db';
import { createDeadline } from '@holdfast/resilience';
import { type Database, OutcomeUnknownError } from '../database';

/** Why a line of a batch is not in. `conflict`: appends, or what the key may not see, always came between. */
export type BatchRefusal = ImportResult['refused'][number]['reason'] | 'conflict' | 'refused';

/** What became of a batch. Each of its events is counted once, or refused. */
export interface BatchResult {
  appended: number;
  repeated: number;
  readonly refused: { readonly line: number; readonly reason: BatchRefusal }[];
  /** What ended it before its end; the database could not go on. */
  stopped?: BatchStop;
}

export interface BatchStop {
  readonly error: unknown;
  /** Of these nobody knows whether they were written; none where that is known. */
  readonly unknown: readonly ImportedEvent[];
  readonly unwritten: readonly ImportedEvent[];
}

/** Of one transaction, retries included, in ms. */
const BATCH_DEADLINE_MS = 30_000;
/** How often a place may be lost to an append before fewer lines are tried. */
const MOST_RACES = 3;

/**
 * Appends events behind their streams, in the order of lines, in one transaction if the database takes all of them. Where it refuses
 * one and does not say which, halves are tried, so that the others are in. What was written before and comes again counts as
 * repeated. Never fails: what the database could not do is part of the result.
 */
export async function importBatch(
  database: Database,
  events: readonly ImportedEvent[],
): Promise<BatchResult> {
  const result: BatchResult = { appended: 0, repeated: 0, refused: [] };
  // The next part is the last one.
  const parts = events.length > 0 ? [events] : [];
  let races = 0;
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    try {
      const { appended, repeated, refused } = await importPart(database, part);
      result.appended += appended;
      result.repeated += repeated;
      result.refused.push(...refused);
      races = 0;
    } catch (error) {
      const isRace = error instanceof ImportRaceError;
      if (isRace && ++races <= MOST_RACES) parts.push(part);
      else if (isRace || error instanceof ImportRefusedError) {
        const [first] = part;
        if (part.length > 1) parts.push(...halve(part));
        else if (first !== undefined) {
          result.refused.push({ line: first.line, reason: isRace ? 'conflict' : 'refused' });
        }
        races = 0;
      } else {
        const isUnknown = error instanceof OutcomeUnknownError;
        const unwritten = [...(isUnknown ? [] : part), ...parts.toReversed().flat()];
        result.stopped = { error, unknown: isUnknown ? part : [], unwritten };
        return result;
      }
    }
  }
  return result;
}

function importPart(database: Database, part: readonly ImportedEvent[]): Promise<ImportResult> {
  return database
    .within(createDeadline(BATCH_DEADLINE_MS))
    .transaction('import events', (manager) => importEvents(manager, part), {
      wasApplied: (manager) => wasImported(manager, part),
    });
}

/** The second half first: the next part is the last one. */
function halve(part: readonly ImportedEvent[]): (readonly ImportedEvent[])[] {
  const middle = Math.ceil(part.length / 2);
  return [part.slice(middle), part.slice(0, middle)];
}
