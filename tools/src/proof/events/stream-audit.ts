/** An event as the log has it. */
export interface LoggedEvent {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly position: string;
}

/** What a client was told of an append to a stream. */
export type StreamAttempt =
  | {
      readonly kind: 'appended';
      readonly stream: string;
      readonly expectedVersion: number;
      readonly events: readonly LoggedEvent[];
    }
  | { readonly kind: 'conflict'; readonly stream: string; readonly expectedVersion: number };

/** Everything that was seen of one log. */
export interface StreamRecords {
  readonly attempts: readonly StreamAttempt[];
  /** What the table holds at the end. */
  readonly stored: readonly LoggedEvent[];
  /** What the reader of the log was given, in its order. */
  readonly read: readonly LoggedEvent[];
  /** What the workers handled, in the order in which they did. */
  readonly handled: readonly Pick<LoggedEvent, 'id' | 'stream' | 'version'>[];
}

/** What is wrong, each a line for people; empty where nothing is. */
export interface StreamAudit {
  readonly appended: number;
  readonly conflicts: number;
  readonly streams: readonly string[];
  readonly successes: readonly string[];
  readonly wrongConflicts: readonly string[];
  readonly reader: readonly string[];
  readonly worker: readonly string[];
}

/** As many as help to find the others. */
const LISTED = 5;

/** Compares what clients were told, and what the reader and the workers saw, with what the table holds. */
export function auditStreams({ attempts, stored, read, handled }: StreamRecords): StreamAudit {
  const lengths = new Map<string, number>();
  for (const { stream } of stored) lengths.set(stream, (lengths.get(stream) ?? 0) + 1);
  const successes = attempts.filter((attempt) => attempt.kind === 'appended');
  const conflicts = attempts.filter((attempt) => attempt.kind === 'conflict');
  return {
    appended: successes.length,
    conflicts: conflicts.length,
    streams: findGaps(stored),
    successes: findMisplaced(successes, stored),
    // A stream only grows: who was refused at a version must have met one that is longer at the end.
    wrongConflicts: list(
      conflicts
        .filter(({ stream, expectedVersion }) => (lengths.get(stream) ?? 0) <= expectedVersion)
        .map(({ stream, expectedVersion }) => `${stream} refused at ${expectedVersion}, where it stands`),
    ),
    reader: [...findMiscounted('read', read, stored), ...findDisorder(read)],
    worker: [...findMiscounted('handled', handled, stored), ...findOutOfTurn(handled)],
  };
}

/** Versions are 1, 2, 3 … in each stream, and grow with the positions. */
function findGaps(stored: readonly LoggedEvent[]): readonly string[] {
  return list(findOutOfTurn([...stored].sort((a, b) => comparePositions(a, b))));
}

function findOutOfTurn(events: readonly Pick<LoggedEvent, 'stream' | 'version'>[]): readonly string[] {
  const last = new Map<string, number>();
  const problems: string[] = [];
  for (const { stream, version } of events) {
    const expected = (last.get(stream) ?? 0) + 1;
    if (version !== expected) problems.push(`${stream} has ${version} where ${expected} comes`);
    last.set(stream, version);
  }
  return list(problems);
}

function findMisplaced(
  successes: readonly (StreamAttempt & { readonly kind: 'appended' })[],
  stored: readonly LoggedEvent[],
): readonly string[] {
  const byId = new Map(stored.map((event) => [event.id, event]));
  const told = successes.flatMap(({ stream, expectedVersion, events }) =>
    events.map((event, at) => ({ ...event, stream, version: expectedVersion + at + 1 })),
  );
  const wrong = told.filter((event) => {
    const found = byId.get(event.id);
    return (
      found === undefined ||
      found.stream !== event.stream ||
      found.version !== event.version ||
      found.position !== event.position
    );
  });
  const problems = wrong.map(
    ({ stream, version }) => `${stream} has not the event that was appended as ${version}`,
  );
  if (told.length !== stored.length)
    problems.push(`${told.length} events were appended, ${stored.length} are there`);
  return list(problems);
}

function findMiscounted(
  verb: string,
  seen: readonly Pick<LoggedEvent, 'id'>[],
  stored: readonly LoggedEvent[],
): readonly string[] {
  const counts = new Map<string, number>();
  for (const { id } of seen) counts.set(id, (counts.get(id) ?? 0) + 1);
  const missing = stored.filter(({ id }) => !counts.has(id)).length;
  const repeated = [...counts.values()].filter((count) => count > 1).length;
  return [
    ...(missing > 0 ? [`${missing} not ${verb}`] : []),
    ...(repeated > 0 ? [`${repeated} ${verb} more than once`] : []),
    ...(counts.size > stored.length ? [`${counts.size - stored.length} ${verb} that are not there`] : []),
  ];
}

function findDisorder(read: readonly LoggedEvent[]): readonly string[] {
  const problems = read
    .slice(1)
    .filter((event, at) => comparePositions(read[at] as LoggedEvent, event) >= 0)
    .map(({ position }) => `position ${position} was read after a later one`);
  return list([...problems, ...findOutOfTurn(read)]);
}

function comparePositions(a: LoggedEvent, b: LoggedEvent): number {
  const difference = BigInt(a.position) - BigInt(b.position);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function list(problems: readonly string[]): readonly string[] {
  if (problems.length <= LISTED) return problems;
  return [...problems.slice(0, LISTED), `and ${problems.length - LISTED} more`];
}
