import type { StructuredLogger } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import type { Lease } from '../pool/lease';
import type { LocalSetting } from '../statements/local-settings';
import type { IsolationLevel } from './begin';
import type { OutcomeLedger } from './outcome-ledger';
import type { LostCommit } from './resolve-outcome';
import type { AfterCommitHook } from './transaction';

/** What one attempt needs to know. */
export interface TransactionTerms {
  readonly dataSource: DataSource;
  readonly isolation: IsolationLevel | undefined;
  readonly readOnly: boolean;
  readonly settings: readonly LocalSetting[];
  /** Whether a replica may run it. */
  readonly onReplica: boolean;
  /** Told which connection it runs on. */
  readonly onConnection: (lease: Lease) => void;
  /** Whether the caller gave a signal or a deadline. */
  readonly isBounded: boolean;
  readonly wasApplied: LostCommit['wasApplied'];
  readonly useWitness: boolean;
  readonly ledger: OutcomeLedger | undefined;
  /** Longest wait for the answer to COMMIT, in milliseconds. */
  readonly commitMs: number;
  readonly logger: StructuredLogger | undefined;
}

/** How one attempt ended, where it did not throw. */
export type TransactionEnd<T> = CommittedEnd<T> | LostEnd<T>;

interface CommittedEnd<T> {
  readonly kind: 'committed';
  readonly value: T;
  readonly hooks: readonly AfterCommitHook[];
}

/** COMMIT was sent, and the connection lost. */
export interface LostEnd<T> {
  readonly kind: 'lost';
  readonly value: T;
  readonly hooks: readonly AfterCommitHook[];
  readonly lost: LostCommit;
}
