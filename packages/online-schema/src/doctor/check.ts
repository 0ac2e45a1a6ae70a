import type { DataSource, QueryRunner } from 'typeorm';
import type { IndexDefinition } from '../specification/index-definition';
import type { CheckId } from './check-id';
import type { Declarations } from './entity-declarations';
import type { IndexShape } from './read-index-shapes';

/** Worst first. */
export const SEVERITIES = ['critical', 'warning', 'notice'] as const;

/**
 * - `critical`: data can be wrong, or writes fail.
 * - `warning`: it costs time or space now, or will soon.
 * - `notice`: worth a look when there is time.
 */
export type Severity = (typeof SEVERITIES)[number];

/** What a check may look at. */
export interface CheckContext {
  /**
   * Inside a read-only transaction of this check alone, with `statement_timeout` and `lock_timeout` set. After a statement that failed
   * it answers nothing more, unless the check set a savepoint before.
   */
  readonly runner: QueryRunner;
  /** For a check that opens sessions of its own, whose statements have the same limits; the others use the runner. */
  readonly dataSource: DataSource;
  /** `server_version_num`, for example 170010. */
  readonly serverVersion: number;
  /** The schemas that are looked at: those of the entities, and the current one. */
  readonly schemas: readonly string[];
  /** Tables of the entities, as `schema.table`; empty where the doctor is asked about a database without entities. */
  readonly entityTables: readonly string[];
  readonly declaredIndexes: readonly IndexDefinition[];
  /** Where in the entities something is declared, which SQL alone would not change for good. */
  readonly declarations: Declarations;
  /** The indexes of the tables looked at, by schema, table and name: read by the first check that asks, the same for all. */
  readShapes(): Promise<readonly IndexShape[]>;
  /** The time against which ages are told: that of the server, unless the caller gave another. */
  readonly now: Date;
  /** Milliseconds that one statement may take; a check of many statements keeps to it as a whole. */
  readonly timeoutMs: number;
}

/** What a finding is about, by the names in the catalog, unquoted. What is accepted in a declaration is found by it. */
export interface Subject {
  readonly schema: string;
  /** Left out where it is about no table, such as a sequence that none owns. */
  readonly table?: string;
  /** Of one index, which accepts the finding where it is declared, or of a constraint or sequence of the table. */
  readonly index?: string;
  /** Of these columns of the table, in their order. */
  readonly columns?: readonly string[];
}

/** One thing that is not as it should be. */
export interface Finding {
  /** Schema and name of what it is about, as in `public.users.email` or `public.idx_users_email`. */
  readonly object: string;
  readonly subject: Subject;
  /** In a sentence: what is wrong, with the figures that show it. */
  readonly message: string;
  /** SQL that mends it, in order, each to be run by itself; empty where a person has to decide first. */
  readonly mend: readonly string[];
  /**
   * In a sentence: what to change in the entities, where they declare it. SQL would make drift of it, which the next
   * generated migration undoes.
   */
  readonly change?: string;
  /** What the finding rests on, for tables and plots: bytes, rows, counts, ages. Never a value of a row. */
  readonly figures: Readonly<Record<string, number | string | boolean | null>>;
  /** Where this one is worse or better than its check's. */
  readonly severity?: Severity;
}

/** What a check has found, and what it could not look at. */
export interface CheckResult {
  readonly findings: readonly Finding[];
  /** In a sentence each: what this role or server did not let it see, and what would. */
  readonly unseen: readonly string[];
  /**
   * False where finding nothing does not mean that nothing is there, though nothing is hidden either: statistics that are
   * too young, a server too old to have the fault. What is accepted is not called stale then.
   */
  readonly conclusive?: false;
}

/** One check of the doctor. Its documentation is `docs/doctor/<id>.md`: why, how to reproduce it, how to mend it. */
export interface Check {
  /** What is accepted in a declaration refers to it. */
  readonly id: CheckId;
  /** A few words for people. */
  readonly title: string;
  readonly severity: Severity;
  /** True for a check that opens sessions by itself: it is given no transaction and leaves the runner alone. */
  readonly ownSession?: true;
  /**
   * Works with plain privileges; what it cannot see it says.
   * @throws CheckRefusedError where it can look at nothing; whatever the driver throws.
   */
  run(context: CheckContext): Promise<CheckResult>;
}
