import type { Json, JsonObject } from './tidy-openapi';

const parameter = (name: string, description: string, schema: JsonObject, required = false): JsonObject => ({
  in: 'header',
  name,
  description,
  required,
  schema,
});
const header = (description: string, schema: JsonObject = { type: 'string' }): JsonObject => ({
  description,
  schema,
});

const REQUEST_TIMEOUT = parameter(
  'Request-Timeout',
  'Seconds after which the answer is of no use any more, as 2.5. Asking for more than the service allows gets that.',
  { type: 'number', exclusiveMinimum: 0 },
);
const IDEMPOTENCY_KEY = parameter(
  'Idempotency-Key',
  'Names the request: sent again within 24 hours with the same body it is not done again, and is answered alike.',
  { type: 'string', minLength: 1, maxLength: 257 },
);
const IF_MATCH = parameter(
  'If-Match',
  'The `ETag` of what is meant, several of them, or `*` for whatever is there. Without it: 428.',
  { type: 'string' },
  true,
);
const IF_NONE_MATCH = parameter('If-None-Match', 'The `ETag` of what the client has.', { type: 'string' });

const ETAG = header('Differs whenever the answer does.');
const LOCATION = header('Where to read it.');
const RETRY_AFTER = header('Seconds after which to try again.', { type: 'integer' });
const RATE_LIMIT = header(
  'What the client has left: `r` requests at once, and `t` seconds until it has all of them again. With a limit alone.',
);
const RATE_LIMIT_POLICY = header(
  'How much a client may ask for: `q` requests in `w` seconds. With a limit alone.',
);
const CHALLENGE = header('How to authenticate, and which scope is needed (RFC 6750).');
const REPLAYED = header('`true`: an earlier request with this idempotency key was answered so.');
const REQUEST_ID = header('Names the request in the logs of the service.');

/** POSTs that make several things, or none, and so have no tag. */
const UNTAGGED = new Set(['/v1/events', '/v1/events/append', '/v1/events/query', '/v1/events/import']);
/** What these made has no one place. */
const WITHOUT_LOCATION = new Set(['/v1/events/append', '/v1/events/query', '/v1/events/import']);
/** POSTs that are not answered from memory: one writes nothing, the other knows each of its lines. */
const NOT_REPLAYED = new Set(['/v1/events/query', '/v1/events/import']);
const WITHOUT_KEY = new Set(['/v1/events/query']);

/**
 * Adds the headers of HTTP that routes have in common: which ones an operation understands and answers follows from its
 * method and from the statuses it can have.
 */
export function describeHeaders<Document extends object>(document: Document): Document {
  const { paths = {} } = document as { paths?: JsonObject };
  const described = mapEntries(paths, (methods, path) =>
    path.startsWith('/v1/')
      ? mapEntries(methods as JsonObject, (operation, method) =>
          describe(path, method, operation as JsonObject),
        )
      : methods,
  );
  return { ...document, paths: described };
}

function describe(path: string, method: string, operation: JsonObject): JsonObject {
  const responses = operation.responses as JsonObject;
  const isChange = '412' in responses;
  const isConditionalRead = '304' in responses;
  const isRepeatable = method === 'post' && !WITHOUT_KEY.has(path);
  const parameters = [
    ...((operation.parameters as readonly Json[] | undefined) ?? []),
    ...(isChange ? [IF_MATCH] : []),
    ...(isConditionalRead ? [IF_NONE_MATCH] : []),
    ...(isRepeatable ? [IDEMPOTENCY_KEY] : []),
    REQUEST_TIMEOUT,
  ];
  const described = mapEntries(responses, (response, status) => {
    const isDone = status.startsWith('2') || status === '304';
    const isAboutOne = isChange || isConditionalRead || (isRepeatable && !UNTAGGED.has(path));
    const isTagged = isDone && status !== '204' && isAboutOne;
    const comesBack = status === '429' || status === '503' || (status === '409' && isRepeatable);
    return {
      ...(response as JsonObject),
      headers: {
        'X-Request-Id': REQUEST_ID,
        RateLimit: RATE_LIMIT,
        'RateLimit-Policy': RATE_LIMIT_POLICY,
        ...(isTagged && { ETag: ETAG }),
        ...(isDone && isRepeatable && !WITHOUT_LOCATION.has(path) && { Location: LOCATION }),
        ...(isDone && isRepeatable && !NOT_REPLAYED.has(path) && { 'Idempotency-Replayed': REPLAYED }),
        ...((status === '401' || status === '403') && { 'WWW-Authenticate': CHALLENGE }),
        ...(comesBack && { 'Retry-After': RETRY_AFTER }),
      },
    };
  });
  return { ...operation, parameters, responses: described };
}

function mapEntries(object: JsonObject, map: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}
