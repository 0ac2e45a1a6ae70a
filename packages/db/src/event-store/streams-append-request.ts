import type { AppendRequest } from './append-request';
import type { EventQuery } from './event-query';

/** What must not have happened for an append to be written. */
export interface AppendCondition {
  /** Matches the events that the decision rests on. */
  readonly query: EventQuery;
  /** `after` of the readByQuery whose events the decision was made of. Left out: no event at all may match. */
  readonly after?: string | undefined;
}

export interface StreamsAppendRequest {
  /** 1 to 100, each once. Events are written, and get their positions, in the order of streams by type and id. */
  readonly streams: readonly AppendRequest[];
  /** Checked together with the versions. Default: the versions alone decide. */
  readonly condition?: AppendCondition | undefined;
}
