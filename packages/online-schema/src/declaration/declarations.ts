import type { CheckId } from '../doctor/check-id';
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

/** A finding of the doctor that is right as it is: about the table, about columns of it, or about an index of it. */
export interface AcceptDeclaration {
  readonly check: CheckId;
  readonly reason: string;
  readonly properties?: readonly string[];
  readonly index?: string;
}

const accepted = new WeakMap<object, AcceptDeclaration[]>();

/** Remembers what the class accepts, beside its earlier decorators. */
export function addAcceptDeclaration(target: object, declaration: AcceptDeclaration): void {
  accepted.set(target, [...(accepted.get(target) ?? []), declaration]);
}

/** What is accepted on the class itself, not on its ancestors. */
export function acceptDeclarationsOf(target: object): readonly AcceptDeclaration[] {
  return (accepted.get(target) ?? []).toReversed();
}
