import type { IndexKey } from './index-key';
import type { IndexOptions } from './index-options';

/** TypeORM's oldest form: a function from the entity's property map to properties, or to 1 and −1 for the order. */
export type KeyFunction = (properties: Record<string, unknown>) => unknown[] | Record<string, number>;

export interface IndexDeclaration {
  /** Undefined: the name that TypeORM's naming strategy gives. */
  readonly name: string | undefined;
  readonly keys: readonly IndexKey[] | KeyFunction;
  readonly options: IndexOptions;
}

// Keyed by class, so a class that is garbage-collected (a test's, a reloaded module's) takes its indexes along.
const declarations = new WeakMap<object, IndexDeclaration[]>();

/** Remembers an index of the class, beside those of its earlier decorators. */
export function addIndexDeclaration(target: object, declaration: IndexDeclaration): void {
  const own = declarations.get(target) ?? [];
  declarations.set(target, [...own, declaration]);
}

/** The indexes declared on the class itself, not on its ancestors; decorators run bottom-up, so reversed. */
export function indexDeclarationsOf(target: object): readonly IndexDeclaration[] {
  return (declarations.get(target) ?? []).toReversed();
}
