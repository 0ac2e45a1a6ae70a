import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Collections } from '../collections';
import { type Quartiles, readPairedRatio, readQuartiles } from '../quartiles';
import type { Operation } from './contender';
import { createRecorders, type Recorder, type Recording } from './recorders';

/** Calls that lie in the window of a breaker when a failure comes. */
export const FEW_CALLS = 100;
export const MANY_CALLS = 100_000;

/** What one failure costs a breaker. */
export interface FailureCost {
  readonly name: string;
  readonly isOwn: boolean;
  /** Nanoseconds for a call that fails, the call itself included. */
  readonly few: Quartiles;
  readonly many: Quartiles;
  /** The second against the first, in the same round. */
  readonly growth: Quartiles;
}

export interface FailureRecordingOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly collections: Collections;
}

/** So few that the window is not much fuller after them. */
const FAILURES = 25;
/** Not timed: they bring the code back that the calls before have driven out. */
const FIRST_FAILURES = 10;
const WARMUP_FAILURES = 3000;

const REFUSED = Object.freeze(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
const succeed: Operation = () => Promise.resolve(1);
const fail: Operation = () => Promise.reject(REFUSED);

/**
 * Measures what one failure costs with few and with many calls in the window: during an outage every call fails, while
 * the window is full of what came before.
 */
export async function measureFailureRecording({
  quick,
  signal,
  collections,
}: FailureRecordingOptions): Promise<readonly FailureCost[]> {
  const rounds = quick ? 3 : 15;
  const samples = createRecorders(2 * MANY_CALLS).map((recorder) => ({
    recorder,
    few: [] as number[],
    many: [] as number[],
  }));
  for (const { recorder } of samples) await warmUp(recorder);
  for (let round = 0; round < rounds; round++) {
    for (const { recorder, few, many } of samples) {
      signal.throwIfAborted();
      few.push(await measureFailures(recorder, FEW_CALLS, collections));
      many.push(await measureFailures(recorder, MANY_CALLS, collections));
      await setImmediate();
    }
  }
  return samples.map(({ recorder: { name, isOwn }, few, many }) => ({
    name,
    isOwn,
    few: readQuartiles(few),
    many: readQuartiles(many),
    growth: readPairedRatio(many, few),
  }));
}

async function warmUp(recorder: Recorder): Promise<void> {
  const recording = recorder.open();
  await fill(recording, FEW_CALLS);
  await recordFailures(recorder, recording, WARMUP_FAILURES);
  recording.close();
}

/** As many calls precede either measurement, part of them on another breaker: only the window differs. */
async function measureFailures(recorder: Recorder, calls: number, collections: Collections): Promise<number> {
  const other = recorder.open();
  const measured = recorder.open();
  await fill(other, MANY_CALLS - calls);
  await fill(measured, calls);
  collections.collectYoung();
  await recordFailures(recorder, measured, FIRST_FAILURES);
  const ns = await recordFailures(recorder, measured, FAILURES);
  other.close();
  measured.close();
  return ns;
}

async function fill({ execute }: Recording, calls: number): Promise<void> {
  for (let call = 0; call < calls; call++) await execute(succeed);
}

/**
 * Answers how long one failure took, in nanoseconds.
 * @throws Error when a failure did not come back as such: the breaker has opened, and counts nothing.
 */
async function recordFailures({ name }: Recorder, { execute }: Recording, failures: number): Promise<number> {
  let lost = 0;
  const fromMs = performance.now();
  for (let failure = 0; failure < failures; failure++) {
    try {
      await execute(fail);
      lost += 1;
    } catch (error) {
      if (error !== REFUSED) lost += 1;
    }
  }
  const tookMs = performance.now() - fromMs;
  if (lost > 0) throw new Error(`${name}: ${lost} of ${failures} failures did not come back`);
  return (tookMs * 1e6) / failures;
}
