import { PROBLEMS, problemType } from './problem-kinds';
import type { Refusal } from './refusal';
import type { Problem } from './schemas/problem';

/** The body with which a request is refused. */
export function addressProblem(
  { kind, status, detail, errors = [], idempotencyKeys = [] }: Refusal,
  { url, requestId }: { readonly url: string; readonly requestId: string },
): Problem {
  return {
    type: problemType(kind),
    title: PROBLEMS[kind].title,
    status,
    detail,
    instance: pathOf(url),
    requestId,
    ...(errors.length > 0 ? { errors } : {}),
    ...(idempotencyKeys.length > 0 ? { idempotencyKeys } : {}),
  };
}

/** Without the query, which may hold an e-mail address. */
export function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, '');
}
