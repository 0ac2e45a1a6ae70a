import type { SchemaIssue } from './row-schema';

/** What zod tells of its schemas to libraries (https://zod.dev/library-authors). Others tell nothing that has one form. */
interface DescribedSchema {
  readonly _zod?: {
    /** Set where a key may be left out. */
    readonly optin?: string | undefined;
    readonly def: {
      readonly type: string;
      readonly shape?: Readonly<Record<string, DescribedSchema>>;
      readonly catchall?: DescribedSchema | undefined;
      readonly element?: DescribedSchema;
      readonly items?: readonly DescribedSchema[];
      readonly in?: DescribedSchema;
      readonly innerType?: DescribedSchema;
    };
  };
}

/** The columns that a schema names. */
export interface SchemaColumns {
  readonly names: ReadonlySet<string>;
  readonly required: readonly string[];
  /** Whether a row may have others. */
  readonly isOpen: boolean;
}

/** The columns of a schema that is an object of zod; undefined where that cannot be told before there are rows. */
export function readSchemaColumns(schema: object): SchemaColumns | undefined {
  const def = unwrap(schema as DescribedSchema)?._zod?.def;
  if (def?.type !== 'object' || def.shape === undefined) return undefined;
  const { shape, catchall } = def;
  return {
    names: new Set(Object.keys(shape)),
    required: Object.keys(shape).filter((name) => shape[name]?._zod?.optin === undefined),
    isOpen: catchall !== undefined && catchall._zod?.def.type !== 'never',
  };
}

/** Where an issue is. Below the column, a name is told only if the schema has it: others, as those of a record, are data. */
export function renderPath(schema: object, { path = [] }: SchemaIssue): string {
  let at: DescribedSchema | undefined = schema as DescribedSchema;
  const told: string[] = [];
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment;
    const inner: DescribedSchema | undefined = at && descend(at, key);
    const isTold = told.length === 0 || inner !== undefined || typeof key === 'number';
    told.push(isTold ? String(key) : '*');
    at = inner;
  }
  return told.join('.');
}

function descend(schema: DescribedSchema, key: PropertyKey): DescribedSchema | undefined {
  const { shape, element, items } = unwrap(schema)?._zod?.def ?? {};
  if (typeof key === 'number') return items?.[key] ?? element;
  return shape !== undefined && Object.hasOwn(shape, key) ? shape[String(key)] : undefined;
}

/** What is beneath what is optional, has a default, or is made of something. */
function unwrap(schema: DescribedSchema): DescribedSchema | undefined {
  const { type, in: source, innerType } = schema._zod?.def ?? {};
  const inner = type === 'pipe' ? source : innerType;
  return inner === undefined ? schema : unwrap(inner);
}
