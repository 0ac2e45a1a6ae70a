import { InvalidOptionError, requireKnownOptions, requireNumber } from '@holdfast/resilience';
import { MODEL } from './model';

/** What is to be generated. */
export interface DataOptions {
  /** Rows of the table `events`, from which the sizes of the others follow: an integer from 1 000 to 200 000 000. */
  readonly events: number;
  /** Other rows of the same kind: a safe integer of at least 0. Default 1. */
  readonly seed?: number;
  /** When the log ends; every time lies before it, save the ends of API keys. Default 2026-01-01, 00:00 UTC. */
  readonly until?: Date;
}

/** Options after validation, with the sizes that follow from them. */
export interface DataSetting {
  readonly events: number;
  readonly seed: number;
  readonly untilMs: number;
  readonly organizations: number;
  readonly users: number;
  readonly apiKeys: number;
}

export const DATA_DEFAULTS = Object.freeze({ seed: 1, until: '2026-01-01T00:00:00.000Z' });

export const EVENT_RANGE = Object.freeze({ min: 1_000, max: 200_000_000 });

/** Times of PostgreSQL and of UUIDs that both can tell; the years in between are four digits in both. */
const UNTIL_RANGE = Object.freeze({ min: Date.UTC(1980, 0), max: Date.UTC(9000, 0) });

/**
 * Fills in defaults, validates, and computes the sizes of all tables but `user_organizations`, which is random.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function readDataSetting(options: DataOptions): DataSetting {
  requireKnownOptions('generateData', options, ['events', 'seed', 'until']);
  const { seed = DATA_DEFAULTS.seed, until = new Date(DATA_DEFAULTS.until) } = options;
  const events = requireNumber('events', options.events, { ...EVENT_RANGE, integer: true });
  const { eventsPerOrganization, eventsPerUser, eventsPerApiKey, ...sizes } = MODEL.sizes;
  return Object.freeze({
    events,
    seed: requireNumber('seed', seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true }),
    untilMs: requireInstant(until),
    organizations: Math.max(sizes.minOrganizations, Math.round(events / eventsPerOrganization)),
    users: Math.max(sizes.minUsers, Math.round(events / eventsPerUser)),
    apiKeys: Math.max(sizes.minApiKeys, Math.round(events / eventsPerApiKey)),
  });
}

function requireInstant(until: unknown): number {
  const untilMs = until instanceof Date ? until.getTime() : Number.NaN;
  if (untilMs >= UNTIL_RANGE.min && untilMs <= UNTIL_RANGE.max) return untilMs;
  throw new InvalidOptionError('until', until, 'a Date from the years 1980 to 9000');
}
