import type { DataSource, EntityManager } from 'typeorm';
import { requirePool } from '../data-source/pool-registry';
import { type Lease, readLease } from '../pool/lease';
import { NO_SETTINGS } from '../statements/local-settings';
import type { RowReader } from '../statements/row-reader';
import { hearsStatements, sendHeard } from './heard-statement';
import { describeReadFailure } from './read-failure';
import { readRows } from './read-rows';

/** Look-ups that go out together at most: they are answered one after the other. */
const MAX_TOGETHER = 8;

/** A look-up that was not sent yet. */
interface Waiting {
  readonly values: readonly string[];
  readonly settings: typeof NO_SETTINGS;
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Look-ups by one statement, which finds a row by its key. Those that are asked for in one turn of the event loop, or while all connections are
 * in use, share a connection and a write: each is an execution of its own under one Sync, and what fails is the failure of one.
 */
export class KeyLookUps {
  readonly text: string;
  readonly #reader: RowReader;
  /** Takes more until it has a connection. */
  #open: Waiting[] | undefined;

  constructor(text: string, reader: RowReader) {
    this.text = text;
    this.#reader = reader;
  }

  /** Resolves with the rows that have this key: one, or none. */
  async find(manager: EntityManager, values: readonly string[]): Promise<readonly unknown[]> {
    const { text } = this;
    const { dataSource } = manager;
    if (!mayShare(manager)) return readRows(manager, { text, values, reader: this.#reader, isRead: true });
    return sendHeard({ dataSource, runner: undefined, text, values }, () => this.#gather(dataSource, values));
  }

  #gather(dataSource: DataSource, values: readonly string[]): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      const open = this.#open ?? this.#openBatch(dataSource);
      open.push({ values, settings: NO_SETTINGS, resolve, reject });
      if (open.length === MAX_TOGETHER) this.#open = undefined;
    });
  }

  #openBatch(dataSource: DataSource): Waiting[] {
    const batch: Waiting[] = [];
    this.#open = batch;
    process.nextTick(() => void this.#send(dataSource, batch));
    return batch;
  }

  /** Never rejects. */
  async #send(dataSource: DataSource, batch: Waiting[]): Promise<void> {
    try {
      const lease = await acquire(dataSource);
      if (this.#open === batch) this.#open = undefined;
      let left: readonly Waiting[];
      try {
        left = await this.#answer(lease, batch);
      } finally {
        lease.release();
      }
      // Where this connection had not prepared it, others may.
      for (const one of left) void this.#send(dataSource, [one]);
    } catch (error) {
      if (this.#open === batch) this.#open = undefined;
      for (const { reject } of batch) reject(error);
    }
  }

  /** Returns those that have no answer. */
  async #answer(lease: Lease, batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const [first, ...others] = batch;
    if (first === undefined) return [];
    try {
      const outcomes =
        others.length > 0 ? (await lease.sendTogether(this.text, batch, this.#reader))?.rows : undefined;
      if (outcomes === undefined || outcomes[0] === undefined) {
        first.resolve((await lease.read(this.text, first.values, this.#reader)).rows);
        return others;
      }
      return batch.filter((one, at) => {
        const outcome = outcomes[at];
        if (outcome === undefined) return true;
        if ('rows' in outcome) one.resolve(outcome.rows);
        else one.reject(describeReadFailure(this.text, outcome.error));
        return false;
      });
    } catch (error) {
      throw describeReadFailure(this.text, error);
    }
  }
}

/** A transaction has a connection of its own, a subscriber is told of a query runner, and which replica may answer depends on who asks. */
function mayShare({ queryRunner, dataSource }: EntityManager): boolean {
  const { replication } = dataSource.options as { readonly replication?: unknown };
  return queryRunner === undefined && replication === undefined && !hearsStatements(dataSource);
}

async function acquire(dataSource: DataSource): Promise<Lease> {
  return readLease(await requirePool(dataSource).acquire({ above: acquire })) as Lease;
}
