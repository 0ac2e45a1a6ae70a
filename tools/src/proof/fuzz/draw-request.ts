import { createRandom, type Random } from '../random';
import { breakBody } from './break-body';
import { FRAMING_BREAKS, MALFORMED } from './break-framing';
import { HEADER_CHANGES } from './break-headers';
import { PARAMETER_CHANGES } from './break-parameters';
import { drawWhole, happens, pick, pickWeighted } from './draw';
import { generateValue, type Json } from './generate-value';
import { type KnownThings, knownFor } from './known-things';
import type { OpenapiDocument, Operation, Parameter } from './openapi';
import { type FuzzRequest, type RequestDraft, renderRequest } from './request-draft';

/** What all requests are drawn from. */
export interface RequestSource {
  readonly document: OpenapiDocument;
  readonly operations: readonly Operation[];
  readonly known: KnownThings;
  readonly seed: number;
}

/** What becomes of a valid request, by how often of a hundred. */
const FATES = [
  [38, 'valid'],
  [17, 'parameters'],
  [15, 'headers'],
  [18, 'body'],
  [5, 'framing'],
  [3, 'another method'],
  [2, 'another route'],
  [2, 'no HTTP'],
] as const;

/** How often it is the one who may do most that asks, at least. */
const OPERATOR_SHARE = 0.6;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];

/** Paths beside the document, and of what serves it. */
const PATHS = [
  '/',
  '//',
  '/v1',
  '/v1/',
  '/v2/users',
  '/V1/USERS',
  '/v1/users/../api-keys',
  '/v1//users',
  '/.env',
  '/docs',
  '/docs/json',
  '/docs/static/../../package.json',
  '/docs/static/%2e%2e%2f%2e%2e%2fpackage.json',
  '/docs/static/%00',
  '/console',
  '/console/data',
  '/console/nothing',
  '/console/statements/0/plan',
  '/console/statements/000000000000/plan',
  '/favicon.ico',
  '/*',
  '/%2a',
];

/** The request of a number. Operations take turns, so that each is asked as often as the others. */
export function drawRequest(source: RequestSource, number: number): FuzzRequest {
  const random = createRandom(source.seed, `request ${number}`);
  const operation = source.operations[number % source.operations.length] as Operation;
  const draft = drawValid(source, random, operation, number);
  const fate = pickWeighted(random, FATES);
  switch (fate) {
    case 'valid':
      return whole(number, 'valid', draft);
    case 'parameters':
      return change(number, draft, PARAMETER_CHANGES, random, source.known);
    case 'headers':
      return change(number, draft, HEADER_CHANGES, random, source.known);
    case 'body':
      return breakContent(source, random, operation, number, draft);
    case 'framing': {
      const [label, broken] = pick(random, Object.entries(FRAMING_BREAKS));
      return { ...draft, number, label, bytes: broken(draft, random), isWhole: false };
    }
    case 'another method':
      return whole(number, fate, { ...draft, method: pick(random, METHODS) });
    case 'another route':
      return whole(number, fate, { ...draft, target: pick(random, PATHS) });
    case 'no HTTP': {
      const [label, bytes] = pick(random, Object.entries(MALFORMED));
      return { method: '', target: '', number, label, bytes, isWhole: false };
    }
    default:
      return fate satisfies never;
  }
}

function whole(number: number, label: string, draft: RequestDraft): FuzzRequest {
  const { method, target } = draft;
  // A tunnel or an upgrade would be another protocol behind one answer.
  return { number, label, method, target, bytes: renderRequest(draft), isWhole: true };
}

function change<Known>(
  number: number,
  draft: RequestDraft,
  changes: Readonly<Record<string, (draft: RequestDraft, random: Random, known: Known) => RequestDraft>>,
  random: Random,
  known: Known,
): FuzzRequest {
  const [label, make] = pick(random, Object.entries(changes));
  const changed = make(draft, random, known);
  const ends = changed.headers.some(([name]) => name === 'Connection' || name === 'Upgrade');
  return { ...whole(number, label, changed), isWhole: !ends };
}

function breakContent(
  source: RequestSource,
  random: Random,
  operation: Operation,
  number: number,
  draft: RequestDraft,
): FuzzRequest {
  const [body] = operation.bodies;
  if (body === undefined) return change(number, draft, PARAMETER_CHANGES, random, source.known);
  const value = generateValue(source.document, random, body.schema, knownFor(source.known, operation.path));
  const { label, bytes } = breakBody(random, value);
  return whole(number, label, { ...draft, body: bytes });
}

/** A request that the document allows. */
export function drawValid(
  { document, known, seed }: RequestSource,
  random: Random,
  operation: Operation,
  number: number,
): RequestDraft {
  const familiar = knownFor(known, operation.path);
  const draw = ({ schema, name }: Parameter) => generateValue(document, random, schema, familiar, name);
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(String(parameter === undefined ? name : draw(parameter)));
  });
  const query = drawQuery(operation, random, known, draw).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  const headers: [string, string][] = [];
  const authorization = happens(random, OPERATOR_SHARE)
    ? known.authorizations[0]
    : known.authorizations[drawWhole(random, 0, known.authorizations.length - 1)];
  if (authorization !== undefined) headers.push(['Authorization', authorization]);
  for (const { in: place, name, required } of operation.parameters) {
    if (place !== 'header' || !(required || happens(random, 0.25))) continue;
    headers.push([name, drawHeader(name, random, seed, number)]);
  }
  const [body] = operation.bodies;
  const content = body && Buffer.from(JSON.stringify(generateValue(document, random, body.schema, familiar)));
  if (body !== undefined) headers.push(['Content-Type', body.mediaType]);
  const target = path + (query.length === 0 ? '' : `?${query.join('&')}`);
  return { method: operation.method, target, headers, ...(content && { body: content }) };
}

/** Parameters that ask one thing, mostly; of lists, now and then, the page behind the first. */
function drawQuery(
  { name: operation, parameters }: Operation,
  random: Random,
  { pages }: KnownThings,
  draw: (parameter: Parameter) => Json,
): readonly (readonly [string, string])[] {
  const own = pages.filter((page) => page.operation === operation);
  if (own.length > 0 && happens(random, 0.2)) {
    const { query, cursor } = pick(random, own);
    return [...query, ['cursor', cursor]];
  }
  const all = parameters.filter(({ in: place, name }) => place === 'query' && name !== 'cursor');
  const optional = all.filter(({ required, name }) => !required && name !== 'limit');
  const wanted = pickWeighted(random, [
    [55, 1],
    [30, 2],
    [10, 0],
    [5, 3],
  ]);
  const chosen = new Set<Parameter>();
  for (let tries = 0; tries < wanted && optional.length > 0; tries += 1) chosen.add(pick(random, optional));
  return all.flatMap((parameter): [string, string][] => {
    const isWanted =
      parameter.required || chosen.has(parameter) || (parameter.name === 'limit' && happens(random, 0.3));
    if (!isWanted) return [];
    const values = [draw(parameter)].flat() as Json[];
    return values.map((value) => [parameter.name, String(value)]);
  });
}

function drawHeader(name: string, random: Random, seed: number, number: number): string {
  switch (name.toLowerCase()) {
    case 'if-match':
    case 'if-none-match':
      return pick(random, ['*', '*', '"1"', '"1"', '"1", "2"', 'W/"1"', '"none-of-ours"']);
    case 'idempotency-key':
      return happens(random, 0.7) ? `fuzz-${seed}-${number}` : `fuzz-again-${drawWhole(random, 1, 8)}`;
    case 'request-timeout':
      return pick(random, ['30', '5', '2.5', '1']);
    default:
      return 'x';
  }
}
