import type { Finding, Severity } from './check';
import type { CheckId } from './check-id';

/** A finding together with the check that made it. */
export interface ReportedFinding extends Finding {
  readonly check: CheckId;
  readonly title: string;
  readonly severity: Severity;
}

/** A finding that the entities call right as it is. */
export interface AcceptedFinding extends ReportedFinding {
  readonly reason: string;
}

/** What the entities accept though it is not found any more. */
export interface StaleAcceptance {
  readonly check: CheckId;
  readonly object: string;
  readonly reason: string;
}

export interface UnseenPart {
  readonly check: CheckId;
  /** In a sentence: what could not be looked at, and what would let it. */
  readonly message: string;
}

export interface CheckRun {
  readonly id: CheckId;
  readonly title: string;
  readonly severity: Severity;
  readonly elapsedMs: number;
  /** False: it ran into its time limit, or was refused as a whole; why is in `unseen`. */
  readonly completed: boolean;
}

/** One table in figures, as the server's statistics have them. */
export interface TableFigures {
  readonly schema: string;
  readonly name: string;
  /** Estimated; null for a table that was never analysed. */
  readonly rows: number | null;
  readonly deadRows: number;
  /** Of its main data, and of what is stored outside of its rows. */
  readonly heapBytes: number;
  readonly indexBytes: number;
  readonly sequentialScans: number;
  readonly indexScans: number;
  /** Milliseconds since its statistics were gathered; null: never. */
  readonly analysedAgoMs: number | null;
  /** Rows changed since then. */
  readonly changedRows: number;
}

/** One index in figures, as the server's statistics have them. */
export interface IndexFigures {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly bytes: number;
  readonly scans: number;
  readonly unique: boolean;
  readonly valid: boolean;
}

/** What was looked at, whether something is wrong with it or not. Largest first. */
export interface Overview {
  readonly tables: readonly TableFigures[];
  readonly indexes: readonly IndexFigures[];
  /** Milliseconds since the counts began; null: they were never reset, and nobody knows. */
  readonly countedForMs: number | null;
}

/** What an examination has found. Every part is plain data, and no part has a value of a row. */
export interface DoctorReport {
  /** ISO 8601, in UTC. */
  readonly examinedAt: string;
  readonly database: string;
  /** As the server writes it, for example `17.10`. */
  readonly serverVersion: string;
  readonly schemas: readonly string[];
  readonly checks: readonly CheckRun[];
  /** Worst first, then in the order of the checks. */
  readonly findings: readonly ReportedFinding[];
  readonly accepted: readonly AcceptedFinding[];
  readonly stale: readonly StaleAcceptance[];
  readonly unseen: readonly UnseenPart[];
  /** Null where the role was not let see it, or its time ran out. */
  readonly overview: Overview | null;
}
