import { type EntityManager, type QueryRunner, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { ForeignDataSourceError } from '../data-source/pool-registry';
import { type Lease, readLease } from '../pool/lease';
import { Portal } from '../statements/portal';
import { sendHeard } from './heard-statement';
import { readPassage } from './pass-statement';
import type { FindPlan } from './plan-find';
import { describeReadFailure } from './read-failure';
import { StreamGate, StreamOpenError } from './stream-gate';

/** What is streamed, and in which portions. */
export interface StreamPlan extends FindPlan {
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
}

/** Yields the rows of a statement as they are read, a batch in memory at a time. */
export async function* streamRows<Row>(
  manager: EntityManager,
  plan: StreamPlan,
): AsyncGenerator<Row, void, undefined> {
  plan.signal?.throwIfAborted();
  const { queryRunner, dataSource } = manager;
  const stream = new RowStream<Row>(plan, queryRunner ?? dataSource.createQueryRunner('slave'), !queryRunner);
  try {
    await stream.open();
    while (!stream.isOver) {
      plan.signal?.throwIfAborted();
      yield* await stream.take();
    }
  } finally {
    await stream.close();
  }
}

/** One run of a statement, whose rows are taken in batches: in the transaction that its connection is in, or in one of its own. */
class RowStream<Row> {
  readonly #plan: StreamPlan;
  readonly #runner: QueryRunner;
  /** Whether the runner is released with the stream. */
  readonly #ownsRunner: boolean;
  #lease: Lease | undefined;
  #portal: Portal | undefined;
  /** Where it has a transaction of its own. */
  #gate: StreamGate | undefined;
  #hasYielded = false;
  #isOver = false;

  constructor(plan: StreamPlan, runner: QueryRunner, ownsRunner: boolean) {
    this.#plan = plan;
    this.#runner = runner;
    this.#ownsRunner = ownsRunner;
  }

  /** Whether there are no more rows, and its connection serves others again. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** There is a connection for it; nothing is sent yet. */
  async open(): Promise<void> {
    // It would get a connection that nobody gives back.
    if (this.#runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
    const lease = readLease(await this.#runner.connect());
    if (lease === undefined) throw new ForeignDataSourceError();
    if (lease.gate instanceof StreamGate) throw new StreamOpenError();
    this.#lease = lease;
    const begins = lease.gate === undefined && !(await isInTransaction(lease));
    if (begins) lease.gate = this.#gate = new StreamGate();
    try {
      this.#portal = new Portal({ ...this.#plan, begins });
    } catch (error) {
      throw describeReadFailure(this.#plan.text, error);
    }
  }

  /** Resolves with the next rows; with the last ones when the stream is over. */
  async take(): Promise<readonly Row[]> {
    const { text } = this.#plan;
    try {
      const { rows } = await (this.#portal?.state === 'new' ? this.#takeFirst() : this.#step('take'));
      if (this.#portal?.state === 'done') await this.close();
      this.#hasYielded ||= rows.length > 0;
      return rows;
    } catch (error) {
      const failure = describeReadFailure(text, error);
      // What was done with earlier rows stays done, and whoever repeats it all does it twice.
      throw this.#hasYielded && this.#gate ? Object.assign(failure, { transient: false }) : failure;
    }
  }

  /** Its connection is as it was before. @throws what the COMMIT of a stream that was read to its end fails with. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      if (this.#gate) await this.#endTransaction();
      else if (this.#portal && this.#portal.state !== 'new') await this.#closePortal();
    } finally {
      if (this.#lease && this.#gate) this.#lease.gate = undefined;
      if (this.#ownsRunner) await this.#runner.release();
    }
  }

  /** Those who hear of statements hear of the first batch, as of one statement. */
  #takeFirst() {
    const { text, values } = this.#plan;
    const runner = this.#runner;
    const send = () =>
      sendHeard({ dataSource: runner.dataSource, runner, text, values }, () => this.#step('take'));
    const pass = readPassage(runner);
    return pass === undefined ? send() : pass(text, values, send, { isStreamed: true });
  }

  #step(step: 'take' | 'close') {
    const [lease, portal] = [this.#lease as Lease, this.#portal as Portal];
    return this.#gate ? this.#gate.pass(() => lease.step(portal, step)) : lease.step(portal, step);
  }

  async #endTransaction(): Promise<void> {
    const lease = this.#lease as Lease;
    // The status of the transaction comes behind the error that has ended it.
    const isConnected = await lease.client.isAnswered();
    if (!isConnected || lease.client.getTransactionStatus() === 'I') return;
    const isDone = this.#portal?.state === 'done';
    try {
      await this.#gate?.pass(() => lease.query(isDone ? 'COMMIT' : 'ROLLBACK'));
    } catch (error) {
      // The pool closes a connection that is given back inside a transaction.
      if (isDone) throw error;
    }
  }

  async #closePortal(): Promise<void> {
    try {
      await this.#step('close');
    } catch {
      // It went with its transaction.
    }
  }
}

async function isInTransaction({ client }: Lease): Promise<boolean> {
  await client.isAnswered();
  return client.getTransactionStatus() !== 'I';
}
