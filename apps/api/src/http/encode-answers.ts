import type { FastifySerializerCompiler } from 'fastify/types/schema';
import { ResponseSerializationError, serializerCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';

type Schema = z.core.$ZodType;

/**
 * Compiles how answers are checked and written, as `serializerCompiler` does, in about half of the time: zod compiles what it parses, and not what it
 * encodes. So the schema of an answer is turned round once, and parsed.
 */
export const answerCompiler: FastifySerializerCompiler<Schema> = (route) => {
  const turned = route.schema instanceof z.core.$ZodType ? turnRound(route.schema) : undefined;
  if (turned === undefined) return serializerCompiler(route);
  return (answer) => {
    const { data, error } = z.safeParse(turned, answer);
    if (error) throw new ResponseSerializationError(route.method, route.url, { cause: error });
    return JSON.stringify(data);
  };
};

/** A schema that parses to what the given one encodes to; undefined where that is not known. */
function turnRound(schema: Schema): Schema | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'date':
    case 'null':
    case 'enum':
    case 'literal':
    case 'unknown':
      return schema;
    case 'array':
      return turnParts(schema, { element: def.element });
    case 'nullable':
    case 'optional':
    case 'readonly':
      return turnParts(schema, { innerType: def.innerType });
    case 'record':
      return turnParts(schema, { keyType: def.keyType, valueType: def.valueType });
    case 'object':
      return turnObject(schema, def);
    case 'pipe':
      return turnCodec(def);
    default:
      return undefined;
  }
}

function turnObject(schema: Schema, { shape, catchall }: z.core.$ZodObjectDef): Schema | undefined {
  const turned = turnAll(shape);
  if (turned === undefined) return undefined;
  // Strict: whatever else there is is refused.
  if (catchall === undefined || catchall._zod.def.type === 'never') return rebuild(schema, { shape: turned });
  const others = turnRound(catchall);
  return others && rebuild(schema, { shape: turned, catchall: others });
}

function turnCodec({
  in: before,
  out: after,
  reverseTransform,
  checks = [],
}: z.core.$ZodPipeDef): Schema | undefined {
  if (checks.length > 0) return undefined;
  const [wire, inside] = [turnRound(before), turnRound(after)];
  if (reverseTransform === undefined || wire === undefined || inside === undefined) return undefined;
  const encode = z.transform((value: unknown, context) => reverseTransform(value as never, context as never));
  return z.pipe(z.pipe(inside, encode), wire as z.ZodType);
}

function turnParts(schema: Schema, parts: Readonly<Record<string, Schema>>): Schema | undefined {
  const turned = turnAll(parts);
  return turned && rebuild(schema, turned);
}

function turnAll(parts: Readonly<Record<string, Schema>>): Record<string, Schema> | undefined {
  const turned: Record<string, Schema> = {};
  for (const [name, part] of Object.entries(parts)) {
    const round = turnRound(part);
    if (round === undefined) return undefined;
    turned[name] = round;
  }
  return turned;
}

/** The same schema, of other parts. What it checks of them as a whole it would check when they are encoded. */
function rebuild(schema: Schema, parts: object): Schema | undefined {
  const { def } = schema._zod;
  if ((def.checks?.length ?? 0) > 0) return undefined;
  return z.core.clone(schema, { ...def, ...parts } as never);
}
