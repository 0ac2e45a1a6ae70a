/** An event that has not been written yet. */
export interface NewEvent {
  /** 1 to 200 characters. */
  readonly eventType: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** When it happened, in the years 1 to 9999. Default: when it is appended, by the caller's clock. */
  readonly eventTimestamp?: Date | undefined;
  readonly organizationId?: string | null | undefined;
  readonly userId?: string | null | undefined;
  readonly correlationId?: string | null | undefined;
  /** At most 100, each of 1 to 200 characters. */
  readonly tags?: readonly string[] | undefined;
  /**
   * A second append of the same events with the same keys writes nothing and gives the first one's result. 1 to 200
   * characters; every event of an append has a key of its own, or none has one.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface AppendRequest {
  /** 1 to 200 characters. */
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** Version of the last event that the caller has seen; 0 for an aggregate that must not exist yet. */
  readonly expectedVersion: number;
  /** 1 to 10 000, those of all streams of an append together. All are written, or none. */
  readonly events: readonly NewEvent[];
}

/** What an append may hold. Lengths are those of JavaScript's strings; longer ones would not fit into an index. */
export const APPEND_LIMITS = Object.freeze({
  typeLength: 200,
  keyLength: 200,
  tagLength: 200,
  tags: 100,
  streams: 100,
  /** Of all streams together: they are one parameter of one statement. */
  events: 10_000,
  /** Different types and tags together. */
  boundaries: 1_000,
  /** PostgreSQL's `integer`. */
  version: 2_147_483_647,
});
