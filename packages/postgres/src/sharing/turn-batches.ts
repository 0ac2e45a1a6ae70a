import type { RowReader } from '../statements/row-reader';
import { SharedBatch, type SharedCall } from './shared-batch';

/** How calls are gathered. */
interface Gathering {
  /** Calls that go out together at most. */
  readonly maxBatchSize: number;
  /**
   * `for a turn` (default): until the turn of the event loop is over, so that those go together which several sockets ask for. `until lent`: until the promises of
   * a turn are through, so that one alone waits for nothing, and while there is no connection; for calls without a deadline.
   */
  readonly gathers?: 'for a turn' | 'until lent';
}

/** Sends a batch, once. @param close Called when it takes no more. */
type RunBatch = (batch: SharedBatch, close: () => void) => void;

/**
 * Gathers calls that may go out together: with one reader, of one text, and with settings of the same names. Two
 * entities of one table may have the same text, and each has a reader of its own.
 */
export class TurnBatches {
  readonly #gathering: Gathering;
  readonly #run: RunBatch;
  readonly #gathered = new Map<RowReader, Map<string, OpenBatch>>();
  /** Most calls are like the one before: it is found without a look at the others. */
  #latest: OpenBatch | undefined;

  constructor(gathering: Gathering, run: RunBatch) {
    this.#gathering = gathering;
    this.#run = run;
  }

  /** Whether all that was gathered is sent. Then nothing of it is kept. */
  get isEmpty(): boolean {
    return this.#gathered.size === 0;
  }

  /** @param kind Only those of one kind go out together. Default: all. */
  add(reader: RowReader, text: string, call: SharedCall, kind = ''): void {
    const key = keyOf(text, call, kind);
    const open = this.#find(reader, key) ?? this.#open(key, new SharedBatch(text, reader));
    const { batch } = open;
    batch.add(call);
    if (batch.size < this.#gathering.maxBatchSize) return;
    this.#close(open);
    // Otherwise it is on its way: the promises of this turn are through at once.
    if (this.#gathering.gathers !== 'until lent') this.#send(open);
  }

  #find(reader: RowReader, key: string): OpenBatch | undefined {
    const latest = this.#latest;
    if (latest?.key === key && latest.batch.reader === reader) return latest;
    return this.#gathered.get(reader)?.get(key);
  }

  #open(key: string, batch: SharedBatch): OpenBatch {
    const open = { key, batch };
    this.#latest = open;
    const gathered = this.#gathered.get(batch.reader);
    if (gathered === undefined) this.#gathered.set(batch.reader, new Map([[key, open]]));
    else gathered.set(key, open);
    if (this.#gathering.gathers === 'until lent') {
      process.nextTick(() => this.#send(open));
    } else {
      setImmediate(() => {
        this.#close(open);
        this.#send(open);
      });
    }
    return open;
  }

  #send(open: OpenBatch): void {
    const { batch } = open;
    if (batch.isSent) return;
    batch.isSent = true;
    this.#run(batch, () => this.#close(open));
  }

  #close(open: OpenBatch): void {
    if (this.#latest === open) this.#latest = undefined;
    const { reader } = open.batch;
    const gathered = this.#gathered.get(reader);
    if (gathered?.get(open.key) !== open) return;
    gathered.delete(open.key);
    if (gathered.size === 0) this.#gathered.delete(reader);
  }
}

/** Takes more of what has this key. */
interface OpenBatch {
  readonly key: string;
  readonly batch: SharedBatch;
}

/** The text itself where nothing else tells them apart: no other is made for each call. */
function keyOf(text: string, { settings }: SharedCall, kind: string): string {
  if (settings.length === 0 && kind === '') return text;
  return `${kind} ${settings.map(([name]) => name).join(' ')}\n${text}`;
}
