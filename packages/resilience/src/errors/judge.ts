/** A function that was given as an option threw while it judged a failure. Neither error is lost. */
export class PredicateError extends AggregateError {
  override readonly name = 'PredicateError';
  readonly code = 'PREDICATE_FAILED';

  constructor(
    /** The option that holds the function. */
    readonly option: string,
    thrown: unknown,
    /** The failure that was to be judged. */
    readonly failure: unknown,
  ) {
    super([thrown, failure], `${option} threw while it judged a failure`, { cause: thrown });
  }
}

/** The answer of a caller's function about a failure. @throws PredicateError when the function throws. */
export function judge<R>(option: string, failure: unknown, ask: (failure: unknown) => R): R {
  try {
    return ask(failure);
  } catch (thrown) {
    throw new PredicateError(option, thrown, failure);
  }
}
