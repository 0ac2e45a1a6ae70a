/** One thing that is changed in a database behind the back of the entities, and how it must be reported. */
export interface Mutation {
  /** In a few words, for people. */
  readonly what: string;
  readonly statements: readonly string[];
  readonly expected: {
    readonly kind: string;
    readonly table: string;
    readonly name: string;
    /** Empty where there is nothing to compare, as with an index that is missing. */
    readonly aspects: readonly string[];
  };
  /** Whether `generate` and `migrate` can mend it. A person has to where a name is taken. Default true. */
  readonly mendable?: boolean;
  /** Hazards that `generate` must be allowed to take on. */
  readonly allow?: readonly string[];
}

type Expected = readonly [kind: string, table: string, name: string, ...aspects: string[]];

export function mutation(
  what: string,
  statements: string | readonly string[],
  [kind, table, name, ...aspects]: Expected,
  more: Pick<Mutation, 'mendable' | 'allow'> = {},
): Mutation {
  return { what, statements: [statements].flat(), expected: { kind, table, name, aspects }, ...more };
}
