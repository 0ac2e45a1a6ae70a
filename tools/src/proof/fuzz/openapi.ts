/** A JSON Schema as it stands in the document, its references not followed. */
export type Schema = { readonly [keyword: string]: unknown };

export interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

interface RequestBody {
  readonly mediaType: string;
  readonly schema: Schema;
}

/** One route with one method, as it is documented. */
export interface Operation {
  /** `GET /v1/users/{id}`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly bodies: readonly RequestBody[];
  /** The media types of each status; none for an answer without a body. */
  readonly answers: ReadonlyMap<string, readonly string[]>;
}

interface DocumentedOperation {
  readonly parameters?: readonly Partial<Parameter>[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses?: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

/** The document that a service serves about itself. */
export interface OpenapiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

const REFERENCE = '#/components/schemas/';

/** Follows a reference to a schema of the document. @throws when there is none of that name. */
export function resolveSchema({ components }: OpenapiDocument, schema: Schema): Schema {
  const { $ref: reference } = schema;
  if (typeof reference !== 'string') return schema;
  const found = components?.schemas?.[reference.slice(REFERENCE.length)];
  if (found === undefined) throw new Error(`the document has no schema ${reference}`);
  return found;
}

/** Every operation of the document, in its order. */
export function listOperations({ paths }: OpenapiDocument): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const { parameters = [], requestBody, responses = {} } = operation;
      return {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        parameters: parameters.map(({ in: place = 'query', name = '', required = false, schema = {} }) => ({
          in: place,
          name,
          required,
          schema,
        })),
        bodies: Object.entries(requestBody?.content ?? {}).map(([mediaType, { schema = {} }]) => ({
          mediaType,
          schema,
        })),
        answers: new Map(
          Object.entries(responses).map(([status, { content = {} }]) => [status, Object.keys(content)]),
        ),
      };
    }),
  );
}

/**
 * The operation that a method and a path, without its query, lead to: where several fit, the one with the fewest parameters.
 * HEAD leads where GET does.
 */
export function findOperation(
  operations: readonly Operation[],
  method: string,
  path: string,
): Operation | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const fitting = operations.filter((operation) => operation.method === wanted && fits(operation.path, path));
  return fitting.sort((left, right) => countParameters(left) - countParameters(right))[0];
}

function fits(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => (part.startsWith('{') ? given[at] !== '' : given[at] === part))
  );
}

function countParameters({ path }: Operation): number {
  return path.split('{').length - 1;
}
