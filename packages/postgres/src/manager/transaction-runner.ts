import type { DataSource, EntityManager } from 'typeorm';
import type { Transaction } from '../transactions/transaction';
import type { RunOptions } from '../transactions/unit-of-work-options';

/**
 * Runs work in a transaction. `Facts` is what the work is told about the transaction it runs in, and `Options` what a
 * caller may ask for, such as an isolation level. By default both are those of `createUnitOfWork`.
 */
export interface TransactionRunner<Facts = Transaction, Options extends object = RunOptions> {
  /** The DataSource it belongs to, where it says so. */
  readonly dataSource?: DataSource;
  run<T>(work: (manager: EntityManager, transaction: Facts) => Promise<T>, options?: Options): Promise<T>;
}
