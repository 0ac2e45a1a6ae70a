import type { RowReader } from '../statements/row-reader';
import { SharedBatch, type SharedCall } from './shared-batch';

/**
 * Gathers calls of one turn of the event loop that may go out together: with one reader, of one text, and with settings of the same names. Two
 * entities of one table may have the same text, and each has a reader of its own.
 */
export class TurnBatches {
  readonly #maxBatchSize: number;
  readonly #run: (batch: SharedBatch) => void;
  readonly #gathered = new Map<RowReader, Map<string, SharedBatch>>();

  /** @param run sends a batch, once. */
  constructor(maxBatchSize: number, run: (batch: SharedBatch) => void) {
    this.#maxBatchSize = maxBatchSize;
    this.#run = run;
  }

  /** Whether all that was gathered is sent. Then nothing of it is kept. */
  get isEmpty(): boolean {
    return this.#gathered.size === 0;
  }

  /** @param kind Only those of one kind go out together. Default: all. */
  add(reader: RowReader, text: string, call: SharedCall, kind = ''): void {
    const names = call.settings.map(([name]) => name).join(' ');
    const key = `${kind} ${names}\n${text}`;
    let gathered = this.#gathered.get(reader);
    if (gathered === undefined) {
      gathered = new Map();
      this.#gathered.set(reader, gathered);
    }
    const batch = gathered.get(key) ?? this.#open(gathered, key, new SharedBatch(text, reader));
    batch.add(call);
    if (batch.size >= this.#maxBatchSize) this.#send(gathered, key, batch);
  }

  #open(gathered: Map<string, SharedBatch>, key: string, batch: SharedBatch): SharedBatch {
    gathered.set(key, batch);
    setImmediate(() => this.#send(gathered, key, batch));
    return batch;
  }

  #send(gathered: Map<string, SharedBatch>, key: string, batch: SharedBatch): void {
    if (gathered.get(key) === batch) gathered.delete(key);
    const { reader } = batch;
    if (gathered.size === 0 && this.#gathered.get(reader) === gathered) this.#gathered.delete(reader);
    if (batch.isSent) return;
    batch.isSent = true;
    this.#run(batch);
  }
}
