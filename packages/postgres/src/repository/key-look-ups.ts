import type { DataSource, EntityManager } from 'typeorm';
import { runLookUps } from '../sharing/run-look-ups';
import type { SharedAnswer } from '../sharing/shared-batch';
import { TurnBatches } from '../sharing/turn-batches';
import { NO_SETTINGS } from '../statements/local-settings';
import type { RowReader } from '../statements/row-reader';
import { hearsStatements, sendHeard } from './heard-statement';
import { readRows } from './read-rows';

/** Look-ups that go out together at most: they are answered one after the other. */
const MAX_TOGETHER = 8;

/**
 * Look-ups by one statement, which finds a row by its key. Those that are asked for before the promises of a turn of the event loop are through, or while
 * all connections are in use, share a connection and a write: each is an execution of its own under one Sync, and what fails is the failure of one.
 */
export class KeyLookUps {
  readonly text: string;
  readonly #reader: RowReader;
  readonly #batches: TurnBatches;

  constructor(dataSource: DataSource, text: string, reader: RowReader) {
    this.text = text;
    this.#reader = reader;
    this.#batches = new TurnBatches(
      { maxBatchSize: MAX_TOGETHER, gathers: 'until lent' },
      (batch, close) => void runLookUps(dataSource, batch, close),
    );
  }

  /** Resolves with the rows that have this key: one, or none. */
  async find(manager: EntityManager, values: readonly string[]): Promise<readonly unknown[]> {
    const { text } = this;
    const { dataSource } = manager;
    if (!mayShare(manager)) return readRows(manager, { text, values, reader: this.#reader, isRead: true });
    const heard = { dataSource, runner: undefined, text, values };
    const { rows } = await sendHeard(heard, () => this.#gather(values));
    return rows;
  }

  #gather(values: readonly string[]): Promise<SharedAnswer> {
    return new Promise((resolve, reject) => {
      this.#batches.add(this.#reader, this.text, {
        values,
        settings: NO_SETTINGS,
        endsAtMs: Number.POSITIVE_INFINITY,
        requestId: undefined,
        resolve,
        reject,
      });
    });
  }
}

/** A transaction has a connection of its own, a subscriber is told of a query runner, and which replica may answer depends on who asks. */
function mayShare({ queryRunner, dataSource }: EntityManager): boolean {
  const { replication } = dataSource.options as { readonly replication?: unknown };
  return queryRunner === undefined && replication === undefined && !hearsStatements(dataSource);
}
