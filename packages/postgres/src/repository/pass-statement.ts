import type { QueryRunner } from 'typeorm';

/** How a statement is sent. */
export interface Passage {
  /** Whether its rows are taken in batches: then it is prepared under no name. Default false. */
  readonly isStreamed?: boolean;
}

/** Sees a statement on its way, and sends it, or throws. What `send` resolves with or throws is passed on. */
export type PassStatement = <T>(
  text: string,
  values: readonly unknown[],
  send: () => Promise<T>,
  passage?: Passage,
) => Promise<T>;

/**
 * The property of a query runner through which statements go that do not go through its `query`. Whoever watches a runner replaces
 * both. Registered, so that a package that does not import this one finds it, as the capture of @holdfast/online-schema does.
 */
const PASS_STATEMENT = Symbol.for('holdfast:pass-statement');

interface Watchable {
  [PASS_STATEMENT]?: PassStatement | undefined;
}

/** What watches the statements of a runner; undefined where nobody does. */
export function readPassage(runner: QueryRunner): PassStatement | undefined {
  return (runner as Watchable)[PASS_STATEMENT];
}

/** Statements of the runner that do not go through its `query` go through `pass` from now on. */
export function passThrough(runner: QueryRunner, pass: PassStatement): void {
  (runner as Watchable)[PASS_STATEMENT] = pass;
}

/**
 * From now on `watch` is told of each statement that is sent through the runner, by its `query` or by a repository, before it goes out.
 * Returns what ends that. Those who watch a runner at once end it in the reverse order.
 */
export function watchStatements(runner: QueryRunner, watch: (text: string) => void): () => void {
  const watchable = runner as QueryRunner & Watchable;
  const { query } = runner;
  const outer = watchable[PASS_STATEMENT];
  runner.query = (text: string, ...rest: never[]) => {
    watch(text);
    return query.call(runner, text, ...rest);
  };
  watchable[PASS_STATEMENT] = (text, values, send, passage) => {
    watch(text);
    return outer === undefined ? send() : outer(text, values, send, passage);
  };
  return () => {
    runner.query = query;
    watchable[PASS_STATEMENT] = outer;
  };
}
