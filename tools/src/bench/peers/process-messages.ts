import type { OperationName } from './layer';

/** So many calls by so many callers, as fast as they can. */
export interface TurnRequest {
  readonly operation: OperationName;
  readonly callers: number;
  readonly calls: number;
  /** Calls before those that are timed. */
  readonly warmUpCalls: number;
  /** The number of the first call: others have other inputs. */
  readonly firstCall: number;
}

/** What the process of a layer is asked for, one thing at a time. */
export type LayerRequest =
  /** Each call once, one after the other: what they answer. */
  | { readonly kind: 'answer'; readonly operation: OperationName; readonly calls: readonly number[] }
  /** Everything is made ready, and warm, for `run`. */
  | ({ readonly kind: 'prepare' } & TurnRequest)
  | { readonly kind: 'run' }
  | { readonly kind: 'close' };

/** What the calls of a turn took this process. */
export interface Turn {
  readonly elapsedMs: number;
  /** Processor time of all its threads. */
  readonly cpuMs: number;
}

/** What a layer is when it has opened. */
export interface Opened {
  readonly operations: readonly OperationName[];
  readonly madeOf: readonly string[];
}

export type LayerReply =
  | { readonly kind: 'opened'; readonly opened: Opened }
  | { readonly kind: 'answers'; readonly answers: readonly unknown[] }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'ran'; readonly turn: Turn }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly reason: string };
