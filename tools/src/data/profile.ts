import type { GeneratedData } from './generate-data';
import { MODEL } from './model';
import { DAY_MS } from './moments';
import type { EventRow } from './rows';

/** How often each value occurs. */
export class Tally<Value> {
  readonly #counts = new Map<Value, number>();
  #total = 0;

  add(value: Value): void {
    this.#counts.set(value, this.count(value) + 1);
    this.#total += 1;
  }

  count(value: Value): number {
    return this.#counts.get(value) ?? 0;
  }

  /** Of all that were added; 0 of none. */
  share(value: Value): number {
    return this.#total === 0 ? 0 : this.count(value) / this.#total;
  }

  get total(): number {
    return this.#total;
  }

  /** The counts, the largest first. */
  get sorted(): readonly number[] {
    return [...this.#counts.values()].sort((one, other) => other - one);
  }
}

/** What generated data is like: how often what occurs. */
export interface DataProfile {
  /** Whether a nullable column is NULL, as `table.column`. */
  readonly nulls: ReadonlyMap<string, Tally<boolean>>;
  /** The values of a column with few, as `table.column`. */
  readonly values: ReadonlyMap<string, Tally<string>>;
  readonly eventsPerOrganization: Tally<string>;
  readonly eventsPerUser: Tally<string>;
  readonly eventsPerStream: Tally<string>;
  readonly eventsPerType: Tally<string>;
  readonly eventsPerTag: Tally<string>;
  readonly eventsPerCorrelation: Tally<string>;
  readonly usersPerLastName: Tally<string>;
  /** By bytes of the payload's text. */
  readonly payloadBytes: Tally<number>;
  /** By 30ths of the log's time, from 0. */
  readonly eventsPerPeriod: Tally<number>;
  /** By weeks before the end, from 0; of those who have logged in. */
  readonly loginWeeks: Tally<number>;
  /** By weeks from the end on, below 0 for those before; of active keys that end. */
  readonly expiryWeeks: Tally<number>;
  /** Failures so far, of events that are processed and of those that are not. */
  readonly processedRetries: Tally<number>;
  readonly unprocessedRetries: Tally<number>;
}

/** Periods into which the log is divided. */
export const LOG_PERIODS = 30;

const WEEK_MS = 7 * DAY_MS;

/** Reads all generated rows and counts them. Memory grows with the number of streams. */
export function readProfile(data: GeneratedData): DataProfile {
  const { untilMs } = data.setting;
  const nulls = new Map<string, Tally<boolean>>();
  const values = new Map<string, Tally<string>>();
  const tally = <Value>(tallies: Map<string, Tally<Value>>, column: string, value: Value): void => {
    const found = tallies.get(column) ?? new Tally<Value>();
    found.add(value);
    tallies.set(column, found);
  };
  const addNulls = <Row extends object>(
    table: string,
    row: Row,
    ...columns: (keyof Row & string)[]
  ): void => {
    for (const column of columns) tally(nulls, `${table}.${column}`, row[column] === null);
  };
  const addValues = <Row extends object>(
    table: string,
    row: Row,
    ...columns: (keyof Row & string)[]
  ): void => {
    for (const column of columns) tally(values, `${table}.${column}`, String(row[column]));
  };

  const usersPerLastName = new Tally<string>();
  const loginWeeks = new Tally<number>();
  const expiryWeeks = new Tally<number>();
  for (const organization of data.organizations) {
    addNulls('organizations', organization, 'externalId', 'domain');
    addValues('organizations', organization, 'status');
  }
  for (const user of data.users) {
    addNulls('users', user, 'externalId', 'email', 'firstName', 'lastName', 'lastLoginAt');
    addValues('users', user, 'status', 'role');
    if (user.lastName !== null) usersPerLastName.add(user.lastName);
    if (user.lastLoginAt !== null)
      loginWeeks.add(Math.floor((untilMs - user.lastLoginAt.getTime()) / WEEK_MS));
  }
  for (const membership of data.memberships) addValues('memberships', membership, 'role', 'status');
  for (const key of data.apiKeys) {
    addNulls('apiKeys', key, 'organizationId', 'expiresAt', 'lastUsedAt');
    addValues('apiKeys', key, 'status');
    if (key.status === 'active' && key.expiresAt !== null) {
      expiryWeeks.add(Math.floor((key.expiresAt.getTime() - untilMs) / WEEK_MS));
    }
  }
  return {
    nulls,
    values,
    usersPerLastName,
    loginWeeks,
    expiryWeeks,
    ...readLog(data, (event) => {
      addNulls('events', event, 'organizationId', 'userId', 'correlationId', 'idempotencyKey', 'lastError');
    }),
  };
}

function readLog({ events, setting: { untilMs } }: GeneratedData, tell: (event: EventRow) => void) {
  const log = {
    eventsPerOrganization: new Tally<string>(),
    eventsPerUser: new Tally<string>(),
    eventsPerStream: new Tally<string>(),
    eventsPerType: new Tally<string>(),
    eventsPerTag: new Tally<string>(),
    eventsPerCorrelation: new Tally<string>(),
    payloadBytes: new Tally<number>(),
    eventsPerPeriod: new Tally<number>(),
    processedRetries: new Tally<number>(),
    unprocessedRetries: new Tally<number>(),
  };
  const logMs = MODEL.time.logDays * DAY_MS;
  for (const event of events) {
    tell(event);
    if (event.organizationId !== null) log.eventsPerOrganization.add(event.organizationId);
    if (event.userId !== null) log.eventsPerUser.add(event.userId);
    if (event.correlationId !== null) log.eventsPerCorrelation.add(event.correlationId);
    log.eventsPerStream.add(event.aggregateId);
    log.eventsPerType.add(event.eventType);
    for (const tag of event.tags) log.eventsPerTag.add(tag);
    log.payloadBytes.add(JSON.stringify(event.payload).length);
    const elapsedMs = logMs - (untilMs - event.createdAt.getTime());
    log.eventsPerPeriod.add(Math.floor((elapsedMs / logMs) * LOG_PERIODS));
    (event.processed ? log.processedRetries : log.unprocessedRetries).add(event.retryCount);
  }
  return log;
}
