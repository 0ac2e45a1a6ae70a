import type { Random } from '../random';
import { drawWhole, happens, pick, pickWeighted } from './draw';
import { drawMatching, drawMoment, drawText, drawUuid } from './draw-text';
import { type OpenapiDocument, resolveSchema, type Schema } from './openapi';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Where values come from that only mean something when they are known, such as the ids of things that exist. */
export type KnownValues = (property: string) => readonly Json[];

const MOST_ITEMS = 4;
/** How often a value is one that is known, where there are such. */
const KNOWN_SHARE = 0.8;

/** Draws a value that is valid by the schema, as far as the schema says what is. */
export function generateValue(
  document: OpenapiDocument,
  random: Random,
  schema: Schema,
  known: KnownValues,
  property = '',
): Json {
  const resolved = resolveSchema(document, schema);
  const draw = (part: Schema, name: string) => generateValue(document, random, part, known, name);
  const types = typesOf(resolved);
  // The items of an array go by its name.
  const familiar = known(property).filter((value) => Array.isArray(value) === types.includes('array'));
  if (Array.isArray(resolved.anyOf)) return draw(pick(random, resolved.anyOf as Schema[]), property);
  if (!types.includes('object') && familiar.length > 0 && happens(random, KNOWN_SHARE))
    return pick(random, familiar);
  if (Array.isArray(resolved.enum)) return pick(random, resolved.enum as Json[]);
  if ('const' in resolved) return resolved.const as Json;
  switch (types.length === 0 ? undefined : pick(random, types)) {
    case 'object':
      return generateObject(resolved, random, draw);
    case 'array':
      return generateArray(resolved, random, (item) => draw(item, property));
    case 'string':
      return generateText(resolved, random);
    case 'integer':
      return generateNumber(resolved, random, true);
    case 'number':
      return generateNumber(resolved, random, false);
    case 'boolean':
      return happens(random, 0.5);
    case 'null':
      return null;
    default:
      return generateAnything(random);
  }
}

function typesOf({ type }: Schema): readonly string[] {
  if (typeof type === 'string') return [type];
  return Array.isArray(type) ? type : [];
}

function generateObject(
  { properties = {}, required = [], additionalProperties }: Schema,
  random: Random,
  draw: (schema: Schema, name: string) => Json,
): Json {
  const entries = Object.entries(properties as Record<string, Schema>)
    .filter(([name]) => (required as string[]).includes(name) || happens(random, 0.5))
    .map(([name, schema]): [string, Json] => [name, draw(schema, name)]);
  if (entries.length === 0 && Object.keys(properties as object).length > 0) {
    const [name, schema] = pick(random, Object.entries(properties as Record<string, Schema>));
    entries.push([name, draw(schema, name)]);
  }
  if (typeof additionalProperties === 'object') {
    for (let more = drawWhole(random, 0, 3); more > 0; more -= 1) {
      entries.push([drawText(random, 1, 20), draw(additionalProperties as Schema, '')]);
    }
  }
  return Object.fromEntries(entries);
}

function generateArray(
  { items = {}, minItems = 0, maxItems = MOST_ITEMS, ...rest }: Schema,
  random: Random,
  draw: (schema: Schema) => Json,
): Json {
  const most = Math.min(Number(maxItems), Math.max(Number(minItems), MOST_ITEMS));
  const length = drawWhole(random, Number(minItems), most);
  const values = Array.from({ length }, () => draw(items as Schema));
  // Lists of names, as scopes are, seldom mean anything twice.
  const isOfNames = 'enum' in (items as Schema) || rest.uniqueItems === true;
  return isOfNames ? [...new Set(values)] : values;
}

function generateText({ format, pattern, minLength = 0, maxLength = 2_000 }: Schema, random: Random): string {
  if (format === 'uuid') return drawUuid(random);
  if (format === 'date-time') return drawMoment(random);
  if (typeof pattern === 'string') return drawMatching(random, pattern);
  return drawText(random, Number(minLength), Number(maxLength));
}

function generateNumber(
  { minimum, maximum, exclusiveMinimum }: Schema,
  random: Random,
  isWhole: boolean,
): number {
  const min = Number(minimum ?? exclusiveMinimum ?? -1_000);
  const max = Number(maximum ?? Math.max(min, 0) + 1_000);
  const edge = exclusiveMinimum === undefined ? min : min + 1;
  if (happens(random, 0.5)) return pick(random, [edge, max, Math.min(max, edge + 1)]);
  if (isWhole) return drawWhole(random, edge, max);
  return edge + random() * (max - edge);
}

/** A value of any kind, for a schema that says nothing. */
function generateAnything(random: Random, depth = 0): Json {
  const kind = pickWeighted(random, [
    [4, 'text'],
    [3, 'number'],
    [1, 'boolean'],
    [1, 'null'],
    [depth < 3 ? 2 : 0, 'list'],
    [depth < 3 ? 2 : 0, 'object'],
  ] as const);
  switch (kind) {
    case 'text':
      return drawText(random, 0, 40);
    case 'number':
      return pick(random, [0, -0, 1.5, -1e-7, 2 ** 53 - 1, 1e300, drawWhole(random, -1_000, 1_000)]);
    case 'boolean':
      return happens(random, 0.5);
    case 'null':
      return null;
    case 'list':
      return Array.from({ length: drawWhole(random, 0, 3) }, () => generateAnything(random, depth + 1));
    case 'object':
      return Object.fromEntries(
        Array.from({ length: drawWhole(random, 0, 3) }, () => [
          drawText(random, 1, 12),
          generateAnything(random, depth + 1),
        ]),
      );
    default:
      return kind satisfies never;
  }
}
