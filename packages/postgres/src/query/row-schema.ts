import { InvalidOptionError } from '@holdfast/resilience';

/** What a schema says of a value. */
type Verdict<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Its message is not read: it may quote the value. */
export interface SchemaIssue {
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * A schema of zod, or of any other library that follows Standard Schema 1 (https://standardschema.dev), as far as it is used.
 * It must answer at once.
 */
export interface RowSchema<Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Verdict<Output> | Promise<Verdict<Output>>;
  };
}

/** Whether it says that it is a schema. @throws InvalidOptionError for one of another version. */
export function isRowSchema(shape: unknown): shape is RowSchema<unknown> {
  const isHolder = (typeof shape === 'object' && shape !== null) || typeof shape === 'function';
  if (!isHolder || !('~standard' in shape)) return false;
  const { version, validate } = (shape as RowSchema<unknown>)['~standard'] ?? {};
  if (version === 1 && typeof validate === 'function') return true;
  throw new InvalidOptionError('shape', `of version ${version}`, 'a schema that follows Standard Schema 1');
}

/** @throws InvalidOptionError for a schema that answers later; what its own code throws. */
export function validateRow<Output>(schema: RowSchema<Output>, row: unknown): Verdict<Output> {
  const { vendor, validate } = schema['~standard'];
  const verdict = validate(row);
  if (!(verdict instanceof Promise)) return verdict;
  // Of zod it may be what a check has thrown, which only the promise tells.
  verdict.catch(() => undefined);
  throw new InvalidOptionError(
    'shape',
    `one of ${vendor} that answers later, or throws`,
    'a schema that answers at once',
  );
}
