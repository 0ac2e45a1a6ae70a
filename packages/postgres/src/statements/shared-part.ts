import type { QueryResult } from 'pg';
import type { LocalSetting } from './local-settings';
import type { NamedText } from './reserved-query';

/** One execution of a statement that goes out together with others of the same text. */
export interface SharedPart {
  /** As they are sent. */
  readonly values: readonly (string | Buffer | null)[];
  /** Hold for it alone. All that go out together set the same ones: none sees what another has set. */
  readonly settings: readonly LocalSetting[];
}

/** A statement of ours, with its values. */
export interface OwnStatement {
  readonly statement: NamedText;
  readonly values: readonly string[];
}

/** What stands around statements that go out together, such as BEGIN and COMMIT. */
export interface Block {
  readonly before: readonly OwnStatement[];
  readonly after: readonly OwnStatement[];
}

/**
 * What became of a part. Undefined where the server has not come to it, or wants the statement prepared anew. Of those that came before one that
 * has failed, the rows are what they read, and what they wrote is gone.
 */
export type SharedOutcome =
  | { readonly rows: readonly unknown[]; readonly rowCount: number }
  | { readonly error: unknown }
  | undefined;

/** Its rows are what became of each part, in their order. */
export type SharedResult = QueryResult & {
  readonly rows: SharedOutcome[];
  /** What the transaction of all of them has failed with; undefined where it was committed. */
  readonly failure: Error | undefined;
};
