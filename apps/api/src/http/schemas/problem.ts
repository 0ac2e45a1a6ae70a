import { z } from 'zod';
import { PROBLEM_KINDS, PROBLEMS, type ProblemKind, problemType } from '../problem-kinds';

/** Media type of every refusal (RFC 9457). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

const problemSchema = z
  .object({
    type: z.enum(PROBLEM_KINDS.map(problemType)).meta({ description: 'Stable: tell problems apart by it.' }),
    title: z.string().meta({ description: 'What the type means.' }),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened this time. For people; its wording may change.' }),
    instance: z.string().meta({ description: 'Path of the request.' }),
    requestId: z.string().meta({ description: 'Names the request in the logs of the service.' }),
    errors: z
      .array(
        z.object({
          path: z.string().meta({ description: 'What is at fault, as `body.events.0.eventType`.' }),
          message: z.string(),
        }),
      )
      .readonly()
      .optional(),
    idempotencyKeys: z
      .array(z.string())
      .readonly()
      .optional()
      .meta({ description: 'Under which the request can be sent again without being done twice.' }),
  })
  .meta({
    id: 'Problem',
    description: 'Why a request was refused (RFC 9457).',
    examples: [
      {
        type: '/problems/version-conflict',
        title: 'The stream is at another version',
        status: 409,
        detail:
          'invoice 0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71 is not at version 3; read it again, decide again, append again.',
        instance: '/v1/events',
        requestId: '6f1c1d1e-5b0e-4f6c-8a53-0b7f6f6b2a11',
      },
    ],
  });

export type Problem = z.infer<typeof problemSchema>;

type Status = (typeof PROBLEMS)[ProblemKind]['status'];

const ANYWHERE = [
  'rate-limited',
  'unauthenticated',
  'scope-missing',
  'too-many-requests',
  'saturated',
  'database-unavailable',
  'deadline-exceeded',
  'internal',
] as const satisfies ProblemKind[];

/** What any route with a body may refuse it for. */
export const BODY_PROBLEMS = [
  'validation',
  'malformed-json',
  'body-too-large',
  'unsupported-media-type',
] as const satisfies ProblemKind[];

/** What a route that needs no body may refuse the one it is sent for. */
export const STRAY_BODY_PROBLEMS = [
  'malformed-json',
  'body-too-large',
  'unsupported-media-type',
] as const satisfies ProblemKind[];

/** What any POST may end with. */
export const POST_PROBLEMS = [
  'idempotency-key-busy',
  'idempotency-key-reused',
  'outcome-unknown',
] as const satisfies ProblemKind[];

/** What any change of a thing that was read may end with. */
export const CHANGE_PROBLEMS = [
  'not-found',
  'precondition-failed',
  'precondition-required',
  'outcome-unknown',
] as const satisfies ProblemKind[];

interface ProblemResponse {
  readonly description: string;
  readonly content: { readonly [PROBLEM_MEDIA_TYPE]: { readonly schema: typeof problemSchema } };
}

/** The refusals of a route, for its `response` schema: those named, and those that any route may give. */
export function problemResponses<const Kind extends ProblemKind>(
  ...kinds: Kind[]
): Record<(typeof PROBLEMS)[Kind]['status'] | 401 | 403 | 429 | 500 | 503 | 504, ProblemResponse> {
  const titles = new Map<Status, string[]>();
  for (const kind of [...kinds, ...ANYWHERE]) {
    const { status, title } = PROBLEMS[kind];
    titles.set(status, [...(titles.get(status) ?? []), `${title} (\`${problemType(kind)}\`)`]);
  }
  const responses = [...titles].map(([status, lines]) => [
    status,
    { description: lines.join('. '), content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } } },
  ]);
  return Object.fromEntries(responses);
}
