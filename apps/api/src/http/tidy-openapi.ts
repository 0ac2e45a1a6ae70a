import { STATUS_CODES } from 'node:http';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

const REFERENCE = '#/components/schemas/';
/** How the generator names the form in which a schema is sent. */
const SENT = 'Input';
/** What the generator says of a response that has no description. */
const NO_DESCRIPTION = 'Default Response';

/**
 * Tidies what the generator leaves behind. It writes every schema twice, as it is sent and as it is answered: the one
 * that nothing refers to goes, and the other gets the plain name. A response without a description gets the meaning of
 * its status. `readOnly`, which here only speaks of types in the code, goes.
 */
export function tidyOpenapi<Document extends object>(document: Document): Document {
  const {
    paths = {},
    components,
    ...rest
  } = document as unknown as {
    paths?: JsonObject;
    components?: { schemas?: JsonObject };
  };
  const schemas = components?.schemas ?? {};
  const used = findUsed(paths, schemas);
  const rename = (name: string): string => {
    const plain = name.endsWith(SENT) ? name.slice(0, -SENT.length) : name;
    return used.has(plain) ? name : plain;
  };
  const kept = [...used].sort().map((name) => [rename(name), tidy(schemas[name] ?? {}, rename)]);
  const tidied: unknown = {
    ...rest,
    components: { ...components, schemas: Object.fromEntries(kept) },
    paths: describeResponses(tidy(paths, rename) as JsonObject),
  };
  return tidied as Document;
}

/** The names of all schemas that the paths refer to, directly or through another schema. */
function findUsed(paths: JsonObject, schemas: JsonObject): ReadonlySet<string> {
  const used = new Set<string>();
  const pending: Json[] = [paths];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, value] of Object.entries(next)) {
      if (key !== '$ref' || typeof value !== 'string' || !value.startsWith(REFERENCE)) {
        pending.push(value);
        continue;
      }
      const name = value.slice(REFERENCE.length);
      if (used.has(name)) continue;
      used.add(name);
      pending.push(schemas[name] ?? null);
    }
  }
  return used;
}

function tidy(value: Json, rename: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((part) => tidy(part, rename));
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).flatMap(([key, part]): [string, Json][] => {
    if (key === 'readOnly' && part === true) return [];
    if (key === '$ref' && typeof part === 'string' && part.startsWith(REFERENCE)) {
      return [[key, REFERENCE + rename(part.slice(REFERENCE.length))]];
    }
    return [[key, tidy(part, rename)]];
  });
  return Object.fromEntries(parts);
}

function describeResponses(paths: JsonObject): JsonObject {
  return mapValues(paths, (methods) =>
    mapValues(methods, (operation) => {
      const { responses } = operation as { responses?: JsonObject };
      if (responses === undefined) return operation;
      return { ...(operation as JsonObject), responses: mapValues(responses, describeResponse) };
    }),
  );
}

function describeResponse(response: Json, status: string): Json {
  const { description, ...rest } = response as JsonObject;
  if (description !== NO_DESCRIPTION) return response;
  return { description: STATUS_CODES[status] ?? status, ...rest };
}

function mapValues(object: Json, map: (value: Json, key: string) => Json): JsonObject {
  const entries = Object.entries(object as JsonObject);
  return Object.fromEntries(entries.map(([key, value]) => [key, map(value, key)]));
}
