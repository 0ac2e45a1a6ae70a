import type { QueryRunner } from 'typeorm';
import type { IndexDefinition } from '../specification/index-definition';

/**
 * - `critical`: data can be wrong, or writes fail.
 * - `warning`: it costs time or space now, or will soon.
 * - `notice`: worth a look when there is time.
 */
export type Severity = 'critical' | 'warning' | 'notice';

/** What a check may look at. */
export interface CheckContext {
  readonly runner: QueryRunner;
  /** `server_version_num`, for example 170010. */
  readonly serverVersion: number;
  /** The schemas that are looked at: those of the entities, and the current one. */
  readonly schemas: readonly string[];
  /** Tables of the entities, as `schema.table`; empty where the doctor is asked about a database without entities. */
  readonly entityTables: readonly string[];
  readonly declaredIndexes: readonly IndexDefinition[];
}

/** One thing that is not as it should be. */
export interface Finding {
  /** Schema and name of what it is about, as in `public.users.email` or `public.idx_users_email`. */
  readonly object: string;
  /** In a sentence: what is wrong, with the figures that show it. */
  readonly message: string;
  /** SQL that mends it, in order, each to be run by itself; empty where a person has to decide first. */
  readonly mend: readonly string[];
  /** What the finding rests on, for tables and plots: bytes, rows, counts, ages. Never a value of a row. */
  readonly figures: Readonly<Record<string, number | string | boolean | null>>;
}

/** What a check has found, and what it could not look at. */
export interface CheckResult {
  readonly findings: readonly Finding[];
  /** In a sentence each: what this role or server did not let it see, and what would. */
  readonly unseen: readonly string[];
}

/** One check of the doctor. Its documentation is `docs/doctor/<id>.md`: why, how to reproduce it, how to mend it. */
export interface Check {
  /** Lower-case words joined by hyphens; what is accepted in a declaration refers to it. */
  readonly id: string;
  /** A few words for people. */
  readonly title: string;
  readonly severity: Severity;
  /** Works with plain privileges; what it cannot see it says. */
  run(context: CheckContext): Promise<CheckResult>;
}
