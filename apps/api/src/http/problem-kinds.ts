/** Every kind of refusal, with its HTTP status and the title that says what it means. */
export const PROBLEMS = Object.freeze({
  validation: { status: 400, title: 'The request does not have the form that is documented' },
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'malformed-request': { status: 400, title: 'The request cannot be read' },
  'invalid-cursor': { status: 400, title: 'The cursor does not belong to this list' },
  'invalid-limit': { status: 400, title: 'The limit is out of range' },
  'text-not-storable': { status: 400, title: 'A text holds characters that cannot be stored' },
  unauthenticated: { status: 401, title: 'The request has no key that can be used' },
  'scope-missing': { status: 403, title: 'The key is not allowed to do this' },
  forbidden: { status: 403, title: 'The key does not reach so far' },
  'cross-site': { status: 403, title: 'The request comes from a page of another site' },
  'not-found': { status: 404, title: 'Nothing has this id' },
  'unknown-route': { status: 404, title: 'There is no such route' },
  'already-exists': { status: 409, title: 'A value that must be unique is taken' },
  'version-conflict': { status: 409, title: 'The stream is at another version' },
  'condition-failed': { status: 409, title: 'Something happened that the condition excludes' },
  'api-key-spent': { status: 409, title: 'The API key is revoked, has expired or has a successor' },
  'invitation-closed': { status: 409, title: 'The membership is suspended or has ended' },
  'idempotency-key-busy': { status: 409, title: 'A request with this idempotency key is running' },
  'log-rewound': { status: 410, title: 'The log does not hold what was read from it' },
  'precondition-failed': { status: 412, title: 'It was changed since it was read' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a media type that is not understood' },
  'idempotency-key-reused': { status: 422, title: 'The idempotency key was used for something else' },
  'reference-missing': { status: 422, title: 'Something that is referred to does not exist' },
  'precondition-required': { status: 428, title: 'A change must say which version it is meant for' },
  'rate-limited': { status: 429, title: 'The client asks for more than one client may' },
  'too-many-requests': { status: 429, title: 'Too many requests of this kind are running' },
  internal: { status: 500, title: 'The service failed' },
  saturated: { status: 503, title: 'The service has as much to do as it bears' },
  'database-unavailable': { status: 503, title: 'The database does not answer' },
  'deadline-exceeded': { status: 504, title: 'The database took too long' },
  'outcome-unknown': { status: 504, title: 'Whether the write was done is not known' },
  'shutting-down': { status: 503, title: 'The service is shutting down' },
} as const);

export type ProblemKind = keyof typeof PROBLEMS;

export const PROBLEM_KINDS = Object.keys(PROBLEMS) as ProblemKind[];

/** The stable name of a kind, as it stands in `type`. */
export function problemType(kind: ProblemKind): string {
  return `/problems/${kind}`;
}
