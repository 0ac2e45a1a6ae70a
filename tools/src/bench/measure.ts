import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import type { Collections } from './collections';

/** Something whose calls are measured. */
export interface Subject {
  readonly name: string;
  readonly call: () => Promise<unknown>;
  /** What every call must resolve to. */
  readonly expected: unknown;
}

/** How much is measured. */
interface Extent {
  /** Batches of each subject. */
  readonly rounds: number;
  /** About how long a batch takes, in milliseconds. */
  readonly batchMs: number;
  /** How long each subject is called before the first round, in milliseconds, so that all of them are compiled. */
  readonly warmupMs: number;
}

export interface MeasureOptions extends Extent {
  readonly signal: AbortSignal;
  /**
   * With it, a batch in which garbage was collected is measured again, shorter, so that what it allocated is counted and
   * no subject pays for the garbage of another. Without it, bytes are not counted.
   */
  readonly collections?: Collections | undefined;
}

/** What was measured of one subject; one sample for each round. */
export interface Series {
  readonly name: string;
  readonly nsPerCall: readonly number[];
  /** Empty without `collections`. */
  readonly bytesPerCall: readonly number[];
  /** Every call that was made, warm-up included. */
  readonly calls: number;
  /** How many of them resolved to something else than expected. */
  readonly wrongResults: number;
}

interface Batch {
  readonly calls: number;
  readonly nsPerCall: number;
  readonly bytesPerCall: number;
  readonly wrongResults: number;
}

/** Far below the young generation that tools/measure.mjs asks for, so that a batch seldom has to be measured again. */
const MAX_BATCH_BYTES = 64 * 1024 ** 2;
const MAX_MEASUREMENTS = 8;
/** The first batch has one call; after so many, the length of a batch is taken from batches. */
const MIN_WARMUP_TURNS = 4;

/**
 * Measures subjects in turns: A B C, B C A, C A B, …, so that whatever changes on the machine changes for all of them,
 * and none always follows the same one. The event loop gets a turn between batches: timers fire there, not within.
 */
export async function measure(
  subjects: readonly Subject[],
  options: MeasureOptions,
): Promise<readonly Series[]> {
  const meters = subjects.map((subject) => new Meter(subject, options));
  await warmUp(meters, options);
  for (let round = 0; round < options.rounds; round++) {
    const first = round % meters.length;
    for (const meter of [...meters.slice(first), ...meters.slice(0, first)]) {
      options.signal.throwIfAborted();
      await meter.addBatch();
    }
  }
  return meters;
}

/** In turns too: what is compiled while one subject is called alone is thrown away when another one comes. */
async function warmUp(meters: readonly Meter[], { warmupMs, signal }: MeasureOptions): Promise<void> {
  const untilMs = performance.now() + warmupMs * meters.length;
  for (let turn = 0; turn < MIN_WARMUP_TURNS || performance.now() < untilMs; turn++) {
    for (const meter of meters) {
      signal.throwIfAborted();
      await meter.warmUp();
    }
  }
}

class Meter implements Series {
  readonly nsPerCall: number[] = [];
  readonly bytesPerCall: number[] = [];
  calls = 0;
  wrongResults = 0;
  readonly #subject: Subject;
  readonly #options: MeasureOptions;
  #batchCalls = 1;

  constructor(subject: Subject, options: MeasureOptions) {
    this.#subject = subject;
    this.#options = options;
  }

  get name(): string {
    return this.#subject.name;
  }

  /** Runs a batch of which nothing stays but how long the next one should be. */
  async warmUp(): Promise<void> {
    const { nsPerCall, bytesPerCall } = await this.#run(this.#batchCalls);
    const byTime = (this.#options.batchMs * 1e6) / nsPerCall;
    const byMemory = MAX_BATCH_BYTES / Math.max(1, bytesPerCall);
    this.#batchCalls = Math.max(1, Math.round(Math.min(byTime, byMemory)));
  }

  async addBatch(): Promise<void> {
    const { nsPerCall, bytesPerCall } = await this.#runUndisturbed();
    this.nsPerCall.push(nsPerCall);
    if (this.#options.collections !== undefined) this.bytesPerCall.push(bytesPerCall);
  }

  async #runUndisturbed(): Promise<Batch> {
    const { collections } = this.#options;
    let calls = this.#batchCalls;
    for (let measurement = 0; measurement < MAX_MEASUREMENTS; measurement++) {
      collections?.collectYoung();
      const fromMs = performance.now();
      const batch = await this.#run(calls);
      if (!(await collections?.ranBetween(fromMs, performance.now()))) return batch;
      calls = Math.ceil(calls / 2);
    }
    throw new Error(`${this.name}: garbage was collected in every batch, even in one of ${calls} calls`);
  }

  async #run(calls: number): Promise<Batch> {
    await setImmediate();
    const batch = await runBatch(this.#subject, calls);
    this.calls += batch.calls;
    this.wrongResults += batch.wrongResults;
    return batch;
  }
}

async function runBatch({ call, expected }: Subject, calls: number): Promise<Batch> {
  let wrongResults = 0;
  const bytesBefore = getHeapStatistics().used_heap_size;
  const fromMs = performance.now();
  for (let done = 0; done < calls; done++) {
    if ((await call()) !== expected) wrongResults += 1;
  }
  const tookMs = performance.now() - fromMs;
  const bytes = getHeapStatistics().used_heap_size - bytesBefore;
  return { calls, nsPerCall: (tookMs * 1e6) / calls, bytesPerCall: bytes / calls, wrongResults };
}
