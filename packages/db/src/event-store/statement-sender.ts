import type { EntityManager } from 'typeorm';

/** What a statement is sent through: a manager, or what commits each statement by itself. */
export interface StatementSender {
  /** Resolves with the rows, as node-postgres parses them. */
  query<Rows>(text: string, values?: unknown[]): Promise<Rows>;
  /** Of a manager: it may be in a transaction. */
  readonly queryRunner?: EntityManager['queryRunner'];
}
