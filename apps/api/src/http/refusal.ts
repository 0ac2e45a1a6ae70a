import { PROBLEMS, type ProblemKind } from './problem-kinds';
import type { Problem } from './schemas/problem';

/** A refusal before it is addressed to a request. */
export interface Refusal {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly detail: string;
  readonly errors?: Problem['errors'];
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
  /** Says how to authenticate (RFC 6750). */
  readonly challenge?: string;
  /** Idempotency keys of a write whose outcome is not known. */
  readonly idempotencyKeys?: readonly string[];
}

/** A refusal with the status that problems of its kind have. */
export function refuse(kind: ProblemKind, detail: string, more: Partial<Refusal> = {}): Refusal {
  return { kind, status: PROBLEMS[kind].status, detail, ...more };
}

/** What an error may carry, whatever it is. */
export function readFacts(error: unknown): {
  code?: unknown;
  statusCode?: unknown;
  retryAfterMs?: unknown;
  routine?: unknown;
} {
  return typeof error === 'object' && error !== null ? error : {};
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
