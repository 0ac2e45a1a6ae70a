import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Answer } from './answer';
import { findOperation, type OpenapiDocument, type Operation } from './openapi';
import { type FuzzRequest, pathOf } from './request-draft';

/** Says what is wrong with an answer to a request; undefined if nothing is. */
export type Judge = (request: FuzzRequest, answer: Answer) => string | undefined;

const DOCUMENT = 'openapi';
const PROBLEM_MEDIA_TYPE = 'application/problem+json';
const PROBLEM = `${DOCUMENT}#/components/schemas/Problem`;

/** What the reader of HTTP refuses before a request has a route; such answers belong to no operation. */
const UNREADABLE = { type: '/problems/malformed-request', statuses: [400, 408, 413, 417, 431] };
/** What answers a path that no route has; its body may have been refused before it was looked for. */
const NO_ROUTE = [400, 401, 403, 404, 405, 413, 415, 429, 503];
/** What a service serves beside its document. */
const OTHER_PAGES = /^\/(?:docs|console)(?:\/|$)/;

/**
 * Judges by the document: status, media type and body of an answer have to stand there. That the document allows an operation to fail
 * (500) excuses no failure.
 */
export function createJudge(document: OpenapiDocument, operations: readonly Operation[]): Judge {
  // The document holds more than schemas, and its schemas hold examples.
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  addFormats.default(ajv);
  ajv.addSchema({ ...document, $id: DOCUMENT }, DOCUMENT);
  const validators = new Map<string, ValidateFunction>();
  const validate = (pointer: string, body: unknown): string | undefined => {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: pointer });
    validators.set(pointer, known);
    return known(body) ? undefined : `the body is not as documented: ${ajv.errorsText(known.errors)}`;
  };

  return (request, answer) => {
    const { status } = answer;
    if (status === 500 || status > 504) return `it failed with ${status}`;
    if ((status === 429 || status === 503) && !answer.headers.has('retry-after') && isProblem(answer)) {
      return `${status} without Retry-After`;
    }
    const path = pathOf(request.target);
    const operation = findOperation(operations, request.method, path);
    const problem = readProblem(answer);
    if (problem !== undefined && isUnreadable(problem.type, status)) return validate(PROBLEM, problem);
    const documented = operation?.answers.get(String(status));
    if (operation !== undefined && documented !== undefined) {
      return judgeDocumented(operation, documented, request, answer, validate);
    }
    if (OTHER_PAGES.test(path)) return undefined;
    // HEAD gets no body that would tell the kind.
    const isElsewhere =
      operation === undefined ||
      problem?.type === '/problems/unknown-route' ||
      (request.method === 'HEAD' && isProblem(answer));
    if (isElsewhere && NO_ROUTE.includes(status)) {
      if (request.method === 'HEAD') return undefined;
      return problem === undefined ? `${status} is no problem` : validate(PROBLEM, problem);
    }
    // No method and path could be made out of the bytes that were sent: whatever they led to answered for itself.
    if (request.method === '') return undefined;
    return `${status} is not documented for ${operation?.name ?? 'a path without a route'}`;
  };
}

function judgeDocumented(
  { path, method }: Operation,
  mediaTypes: readonly string[],
  request: FuzzRequest,
  answer: Answer,
  validate: (pointer: string, body: unknown) => string | undefined,
): string | undefined {
  const { status, body } = answer;
  const mediaType = mediaTypeOf(answer);
  if (mediaTypes.length === 0) return body.length === 0 ? undefined : `${status} with a body`;
  if (mediaType === undefined || !mediaTypes.includes(mediaType)) {
    return `${status} as ${mediaType ?? 'nothing'}, which is not documented`;
  }
  if (request.method === 'HEAD' || !IS_JSON.test(mediaType)) return undefined;
  const content = readJson(body);
  if (content === undefined) return `${status} with a body that is no JSON`;
  const steps = [
    'paths',
    path,
    method.toLowerCase(),
    'responses',
    String(status),
    'content',
    mediaType,
    'schema',
  ];
  return validate(`${DOCUMENT}#/${steps.map(escapeStep).join('/')}`, content.value);
}

/** Lines of JSON are none. */
const IS_JSON = /[/+]json$/;

/** As a fragment of a URI holds a step of a JSON pointer. */
function escapeStep(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function isUnreadable(type: unknown, status: number): boolean {
  return type === UNREADABLE.type && UNREADABLE.statuses.includes(status);
}

function mediaTypeOf({ headers }: Answer): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
}

function isProblem(answer: Answer): boolean {
  return mediaTypeOf(answer) === PROBLEM_MEDIA_TYPE;
}

function readProblem(answer: Answer): { readonly type?: unknown } | undefined {
  if (!isProblem(answer)) return undefined;
  const value = readJson(answer.body)?.value;
  return typeof value === 'object' && value !== null ? value : undefined;
}

function readJson(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return undefined;
  }
}
