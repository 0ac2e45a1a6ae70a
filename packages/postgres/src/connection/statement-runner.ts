import type { QueryResult } from 'pg';
import type { LocalSetting } from '../statements/local-settings';
import type { QueryCallback } from '../statements/pg-internals';
import type { RowReader } from '../statements/row-reader';
import type { Block, SharedPart, SharedResult } from '../statements/shared-part';

/** A question without parameters that is asked behind a statement and answered with it. */
export interface Companion {
  /** Under which the connection may hold it; no other text has this name. */
  readonly name: string;
  readonly text: string;
  /** Gets each row of the answer, as text. It must not throw. */
  onRow(values: readonly (string | null)[]): void;
}

/** Runs statements of one connection in a better way than as they come. */
export interface StatementRunner {
  /** Whether it wants to run this statement. */
  accepts(text: string, values: readonly unknown[] | undefined): boolean;
  /**
   * Writes the statement before it returns, where the connection is free or pipelined, and resolves with the answer.
   * @param settings hold for it alone, or for the transaction that it is in. Default none.
   * @param reader reads its rows. Default: node-postgres does.
   */
  run(
    text: string,
    values: readonly unknown[],
    settings?: readonly LocalSetting[],
    reader?: RowReader,
  ): Promise<QueryResult>;
  /** As `run` without settings and a reader, and calls back. */
  send(text: string, values: readonly unknown[], callback: QueryCallback): void;
  /** Whether the connection is free, and has prepared this statement. */
  canShare(text: string): boolean;
  /**
   * Writes such a statement with the values of each part at once. Rows of its answer are what became of each, in their order; rejects when
   * the connection is lost.
   * @param block is executed around all of them. Default none.
   */
  share(text: string, parts: readonly SharedPart[], reader: RowReader, block?: Block): Promise<SharedResult>;
  /** The server has done a command of the connection, whoever sent it. */
  noteCommand(tag: string): void;
  /** Whether the connection holds this statement under a name. */
  isPrepared(text: string): boolean;
  /**
   * Whether a statement that `write` runs takes the companion along: sent and answered with it as if they were one,
   * which costs the server less than another exchange. It takes none where it or the companion is not prepared yet.
   */
  accompany(companion: Companion, write: () => void): boolean;
}
